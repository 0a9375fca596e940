"""Packages are unpacked once per content."""

from __future__ import annotations

from collections.abc import Callable

from embedded_aws.lambda_runtime.code import CodeFolders, layer_paths

MakePackage = Callable[[dict[str, str]], bytes]


def test_the_same_content_has_one_folder_and_other_content_another(
    make_package: MakePackage,
) -> None:
    folders = CodeFolders()
    one, copy = make_package({"app.py": "1"}), make_package({"app.py": "1"})
    first = folders.unpacked(one)
    assert (first / "app.py").read_text() == "1"
    assert folders.unpacked(bytes(bytearray(copy))) == first
    assert folders.unpacked(make_package({"app.py": "2"})) != first
    (first / "app.py").write_text("not unpacked again")
    folders.forget()
    assert (folders.unpacked(one) / "app.py").read_text() == "not unpacked again"
    folders.close()
    assert not first.exists()


def test_a_layers_code_lies_below_python(make_package: MakePackage) -> None:
    folders = CodeFolders()
    layer = folders.unpacked(make_package({"python/a.py": "", "other/b.py": ""}))
    assert layer_paths(layer) == [layer / "python"]
    assert layer_paths(folders.unpacked(make_package({"c.py": ""}))) == []
    folders.close()
