/**
 * Write a Purser connector in JavaScript: see `README.md` for a whole one.
 *
 * The names are those of the contract (`wit/types.wit`) in camel case. What a component of JavaScript may not do is throw
 * something that the contract does not know: the instance would trap. {@link connector} turns every such exception into
 * an error of the class `defect`.
 */

/**
 * An error that the engine acts on.
 *
 * `class` is a case of `error-class` in the contract: a name, or `{ tag, val }` where the case carries something.
 */
export class ConnectorError extends Error {
  constructor(errorClass, message, nativeCode) {
    super(message);
    this.class = typeof errorClass === 'string' ? { tag: errorClass } : errorClass;
    this.nativeCode = nativeCode;
  }

  /** As the contract carries it. */
  toContract() {
    return { class: this.class, message: this.message, nativeCode: this.nativeCode };
  }
}

/** Any exception as an error of the contract. */
function toContract(thrown) {
  if (thrown instanceof ConnectorError) return thrown.toContract();
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { class: { tag: 'defect' }, message: `the connector failed: ${what}`, nativeCode: undefined };
}

/** Calls a function whose result may be an error: the contract's error is what is thrown. */
function answering(call) {
  const fail = (thrown) => {
    throw toContract(thrown);
  };
  return (...given) => attempt(() => call(...given), (value) => value, fail);
}

/** What becomes of a call that returns, throws, or promises to do either. */
function attempt(call, returned, thrown) {
  let value;
  try {
    value = call();
  } catch (error) {
    return thrown(error);
  }
  return isPromise(value) ? value.then(returned, thrown) : returned(value);
}

const isPromise = (value) => typeof value?.then === 'function';

const unsupported = (what) => () => {
  throw new ConnectorError('unsupported', `this connector does not ${what}`);
};

/**
 * The export of a connector: `export const provisioning = connector({ manifest, search, get, edit })`.
 *
 * `edit(request)` carries out one request and returns an outcome (`{ tag: 'done', val: object }`); it is called for each
 * request of a batch, one after the other, and one that throws does not keep the others from being done. Any of these
 * functions may be `async`, as those that use `fetch` are.
 */
export function connector({ manifest, check, schema, search, get, changes, edit, upgradeConfig }) {
  return {
    describe: () => manifest,
    check: (level) => (check ? check(level) : []),
    schema: answering(schema ?? (() => manifest.classes)),
    search: answering(search ?? unsupported('list objects')),
    get: answering(get ?? unsupported('read objects')),
    changes: answering(changes ?? unsupported('follow changes')),
    apply: (requests) => outcomes(edit ?? unsupported('edit objects'), requests),
    upgradeConfig: answering(upgradeConfig ?? ((_from, config) => config)),
  };
}

function outcomes(edit, requests, former = []) {
  const done = [...former];
  while (done.length < requests.length) {
    const answer = outcome(edit, requests[done.length]);
    if (isPromise(answer)) return answer.then((settled) => outcomes(edit, requests, [...done, settled]));
    done.push(answer);
  }
  return done;
}

function outcome(edit, request) {
  const failed = (thrown) => ({ tag: 'err', val: toContract(thrown) });
  return attempt(() => edit(request), (val) => ({ tag: 'ok', val }), failed);
}

/** An attribute of a class; everything but the name has a default. */
export function attribute(name, kind = 'text', more = {}) {
  return { name, description: '', kind, traits: {}, allowedValues: [], ...more };
}

/** An object of the target. Keys are sorted, so that the same state gives the same text. */
export function object(id, attributes, { active, version, secondaryIds = [] } = {}) {
  return { id, secondaryIds, version, active, attributes: JSON.stringify(sorted(attributes)) };
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/**
 * Sends a request with a JSON body and reads a JSON answer. `http` is the module `purser:connector/http@0.1.0`.
 *
 * Returns `{ status, headers, json }`; throws a {@link ConnectorError} where there is no answer, where it is no JSON, or
 * where the status says what is wrong in general (401, 403, 404, 409, 429, 5xx).
 */
export function requestJson(http, { endpoint, method = 'get', path, query = {}, headers = {}, body }) {
  const fields = (record) => Object.entries(record).map(([name, value]) => ({ name, value: String(value) }));
  const request = {
    endpoint,
    method,
    path,
    query: fields(query),
    headers: fields({ accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers }),
    body: body && new TextEncoder().encode(JSON.stringify(body)),
    secrets: [],
  };
  const answer = send(http, request);
  const place = `${method.toUpperCase()} ${path}`;
  const failed = failure(answer, place);
  if (failed) throw failed;
  const text = new TextDecoder().decode(answer.body);
  return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : parse(text, place) };
}

function send(http, request) {
  try {
    return http.send(request);
  } catch (thrown) {
    const { tag, val } = thrown.payload ?? thrown;
    const classes = { denied: 'invalid-config', unreachable: 'unavailable', interrupted: 'outcome-unknown' };
    throw new ConnectorError(classes[tag] ?? 'defect', `${tag}: ${val}`);
  }
}

function failure({ status, headers }, place) {
  const error = (errorClass) => new ConnectorError(errorClass, `${place} was answered with ${status}`, String(status));
  const seconds = Number(headers.find(({ name }) => name === 'retry-after')?.value);
  const after = Number.isFinite(seconds) ? BigInt(Math.round(seconds * 1000)) : undefined;
  if (status < 400) return undefined;
  if (status === 401) return error('authentication-failed');
  if (status === 403) return error({ tag: 'permission-denied' });
  if (status === 404) return error('not-found');
  if (status === 409) return error({ tag: 'already-exists' });
  if (status === 412) return error('version-conflict');
  if (status === 429) return error({ tag: 'rate-limited', val: { afterMs: after, scope: 'target' } });
  if (status === 503) return error({ tag: 'unavailable', val: after });
  return error(status < 500 ? { tag: 'invalid-value' } : 'outcome-unknown');
}

function parse(text, place) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConnectorError('defect', `${place} was answered with something that is no JSON`);
  }
}
