// A real issuer of tokens on this machine, and beside it, at a place of its own, what somebody forges who has its keys or none of them.
// Prints where both are. With the files of a certificate and its key it speaks TLS.
import { createServer as createPlain } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { createHmac, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// Who started it reads the first line alone; what is said later goes nowhere.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const [clients, certificate, key] = process.argv.slice(2);
const require = createRequire(path.join(clients, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Provider } = await load('oidc-provider');
const { SignJWT, exportJWK, generateKeyPair, importJWK } = await load('jose');

// Whoever signs in is in these groups.
const groups = { vera: ['staff', 'viewers'], ada: ['staff', 'admins'], nora: ['staff'] };
let provider, keys, url, console_ = 'http://127.0.0.1:1', generation = 0;

async function made(alg) {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(pair.privateKey)), kid: `${alg}-${generation}`, alg, use: 'sig' };
  return { alg, jwk, pair };
}

function serve() {
  const resource = { scope: 'read', audience: 'purser', accessTokenFormat: 'jwt', accessTokenTTL: 600 };
  const services = keys.map(({ alg }) => ({
    client_id: `svc-${alg}`, client_secret: 'a-secret-of-the-tests', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  }));
  const people = {
    grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: [`${console_}/sign-in/corp/answer`],
    id_token_signed_response_alg: 'ES256',
  };
  provider = new Provider(url, {
    clients: [
      ...services,
      { ...people, client_id: 'console', client_secret: 'another-secret/of+the tests' },
      { ...people, client_id: 'public-console', token_endpoint_auth_method: 'none' },
    ],
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], groups: ['groups'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups[id] ?? [] }) }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context) => (context.oidc.client.clientId.startsWith('svc-') ? 'urn:purser' : undefined),
        getResourceServerInfo: (context) => ({ ...resource, jwt: { sign: { alg: context.oidc.client.clientId.slice(4) } } }),
      },
    },
    extraTokenClaims: () => ({ groups: ['staff', 'viewers'] }),
  });
}

// New keys; the former ones are gone.
async function renew() {
  generation += 1;
  keys = await Promise.all(['RS256', 'ES256', 'EdDSA'].map(made));
  serve();
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function token({ alg }) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' });
  const authorization = `Basic ${Buffer.from(`svc-${alg}:a-secret-of-the-tests`).toString('base64')}`;
  const answer = await fetch(`${url}/token`, { method: 'POST', body, headers: { authorization } });
  const told = await answer.json();
  if (!answer.ok) throw new Error(JSON.stringify(told));
  return told.access_token;
}

// What is asked for: { kind, alg, claims, header }.
async function forged({ kind, alg, claims, header }) {
  const { jwk, pair } = keys.find((one) => one.alg === alg);
  const head = { alg, kid: jwk.kid, ...header };
  if (kind === 'none') return `${part({ ...head, alg: 'none' })}.${part(claims)}.`;
  if (kind === 'confused') {
    // The public key, which everybody knows, as the secret of an HMAC.
    const text = `${part({ ...head, alg: 'HS256' })}.${part(claims)}`;
    const secret = createPublicKey({ key: await exportJWK(pair.publicKey), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  }
  if (kind === 'stranger') {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    return new SignJWT(claims).setProtectedHeader({ ...head, jwk: await exportJWK(publicKey) }).sign(privateKey);
  }
  return new SignJWT(claims).setProtectedHeader(head).sign(await importJWK(jwk, alg));
}

const wishes = {
  '/token': async (asked) => ({ token: await token(asked) }),
  '/forgery': async (asked) => ({ token: await forged(asked) }),
  '/renewal': async () => { await renew(); return {}; },
  '/console': async ({ url: at }) => { console_ = at; serve(); return {}; },
};

const control = createPlain(async (request, response) => {
  let text = '';
  for await (const piece of request) text += piece;
  try {
    response.end(JSON.stringify(await wishes[request.url](JSON.parse(text))));
  } catch (error) {
    response.statusCode = 500;
    response.end(JSON.stringify({ error: String(error) }));
  }
});
const answer = (request, response) => provider.callback()(request, response);
const server = certificate
  ? createSecure({ cert: readFileSync(certificate), key: readFileSync(key) }, answer)
  : createPlain(answer);
const listening = (one) => new Promise((done) => one.listen(0, '127.0.0.1', () => done(one.address().port)));
url = `${certificate ? 'https' : 'http'}://localhost:${await listening(server)}`;
await renew();
const port = await listening(control);
console.log(JSON.stringify({ url, control: port }));
