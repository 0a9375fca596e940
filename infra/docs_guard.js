// CloudFront function of the docs site: lets a request pass whose name and password are known.
// The key-value store has, by name, a salt and the SHA-256 of salt and password: "salt:hash".
import cf from 'cloudfront';
import crypto from 'crypto';

const users = cf.kvs();

const refused = {
    statusCode: 401,
    statusDescription: 'Unauthorized',
    headers: { 'www-authenticate': { value: 'Basic realm="docs", charset="UTF-8"' } },
};

function credentials(request) {
    const header = request.headers.authorization;
    const found = header && /^Basic ([A-Za-z0-9+/]+=*)$/.exec(header.value);
    if (!found) return null;
    const text = Buffer.from(found[1], 'base64').toString('utf-8');
    const colon = text.indexOf(':');
    return colon < 1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function known(given) {
    let stored;
    try {
        stored = await users.get(given.name);
    } catch (error) {
        return false; // no such name
    }
    const parts = stored.split(':');
    const hash = crypto.createHash('sha256').update(parts[0] + given.password).digest('hex');
    return hash === parts[1];
}

async function handler(event) {
    const given = credentials(event.request);
    if (!given || !(await known(given))) return refused;
    delete event.request.headers.authorization; // S3 would take it for its own
    return event.request;
}
