"""What several functions share."""

import os

# Arrow's own allocator reserves a gigabyte of data segment ahead of use, which a memory limit
# counts as used. It is chosen when pyarrow is first imported.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
