// Runs a CloudFront function with what its runtime 2.0 offers and nothing else of Node.
// A line of stdin: {code, entries, event}; entries is null without a key-value store.
// A line of stdout: {answer, error, work}; work counts hashes and characters looked at one by one.
import crypto from 'node:crypto';
import readline from 'node:readline';
import vm from 'node:vm';

const algorithms = ['md5', 'sha1', 'sha256']; // the ones that AWS documents
const counting = `const original = String.prototype.charCodeAt;
    String.prototype.charCodeAt = function (index) { seen(); return original.call(this, index); };`;

function modulesOf(entries, work) {
    function kvs() {
        if (entries === null) throw new Error('KVSNamespaceNotFound');
        return {
            get: async (key) => {
                if (!Object.hasOwn(entries, key)) throw new Error('KeyNotFound');
                return entries[key];
            },
        };
    }
    function createHash(algorithm) {
        if (!algorithms.includes(algorithm)) throw new Error(`no algorithm ${algorithm}`);
        work.hashes += 1;
        return crypto.createHash(algorithm);
    }
    return { cloudfront: { kvs }, crypto: { createHash } };
}

function newContext(work) {
    const globals = { Buffer, console: { log: () => {} }, seen: () => { work.characters += 1; } };
    const context = vm.createContext(globals, { codeGeneration: { strings: false, wasm: false } });
    vm.runInContext(counting, context);
    return context;
}

async function run(given) {
    const work = { hashes: 0, characters: 0 };
    const modules = modulesOf(given.entries, work);
    const context = newContext(work);
    function link(name) {
        if (!Object.hasOwn(modules, name)) throw new Error(`no module ${name}`);
        const fill = () => linked.setExport('default', modules[name]);
        const linked = new vm.SyntheticModule(['default'], fill, { context });
        return linked;
    }
    try {
        const source = `${given.code}\nexport { handler };`;
        const module = new vm.SourceTextModule(source, { context });
        await module.link(link);
        await module.evaluate();
        return { work, answer: await module.namespace.handler(given.event) };
    } catch (error) {
        return { work, error: String(error) };
    }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await run(JSON.parse(line))));
}
