// CloudFront function of the docs site: lets a request pass whose name and password are known.
// The key-value store has, by name, a salt and the SHA-256 of salt and password: "salt:hash".
// Whatever is wrong ends as 401: an error that left this function would be a 503 without a prompt.
// The runtime knows neither destructuring, `?.` nor `??`.
import cf from 'cloudfront';
import crypto from 'crypto';

const refused = {
    statusCode: 401,
    statusDescription: 'Unauthorized',
    headers: { 'www-authenticate': { value: 'Basic realm="docs", charset="UTF-8"' } },
};

function credentials(request) {
    const header = request.headers.authorization;
    if (!header || header.value.slice(0, 6).toLowerCase() !== 'basic ') return null;
    const encoded = header.value.slice(6);
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.toString('base64') !== encoded) return null; // decoders overlook what is malformed
    const text = bytes.toString('utf8');
    const colon = text.indexOf(':');
    return colon < 1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function entry(name) {
    try {
        const stored = await cf.kvs().get(name);
        return typeof stored === 'string' ? stored : '';
    } catch (error) {
        return ''; // no such name, or the store does not answer
    }
}

// As long for every answer: the hash has 64 characters, and all of them are compared.
function same(hash, expected) {
    let difference = hash.length ^ expected.length;
    for (let i = 0; i < hash.length; i++) difference |= hash.charCodeAt(i) ^ expected.charCodeAt(i);
    return difference === 0;
}

async function known(given) {
    const stored = await entry(given.name);
    const colon = stored.indexOf(':');
    const salted = stored.slice(0, colon) + given.password;
    const hash = crypto.createHash('sha256').update(salted).digest('hex');
    return same(hash, stored.slice(colon + 1));
}

async function handler(event) {
    const given = credentials(event.request);
    if (given === null || !(await known(given))) return refused;
    delete event.request.headers.authorization; // S3 would take it for its own
    return event.request;
}
