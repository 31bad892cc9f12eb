// A connector for an application with a small REST API: people under `/people`, listed in pages.
//
//   GET    /people?after=ID&limit=N   {"people": [{"id", "login", "mail", "active"}], "more": true}
//   GET    /people/ID                 one of them
//   POST   /people                    makes one: {"login", "mail", "active"}
//   PATCH  /people/ID                 changes members of it
//   DELETE /people/ID

import * as http from 'purser:connector/http@0.1.0';
import { ConnectorError, attribute, connector, object, requestJson } from 'purser-sdk';

const ENDPOINT = 'api';

const manifest = {
  name: 'rest-example',
  version: '0.1.0',
  vendor: 'Purser',
  description: 'People of an application with a small REST API.',
  configSchema: '{"type":"object","additionalProperties":false}',
  classes: [
    {
      name: 'person',
      title: 'Person',
      kind: 'account',
      attributes: [
        attribute('login', 'text', { traits: { required: true, unique: true } }),
        attribute('mail'),
      ],
      open: false,
      operations: { search: true, get: true, create: true, update: true, setActive: true, delete: true },
      deleteSemantics: 'hard',
      consistencyLagMs: 0,
    },
  ],
  limits: { pageSize: 200, batchSize: 20 },
  egress: [{ endpoint: ENDPOINT, description: 'the base URL of the API', example: 'https://app.example/api', readingPosts: [] }],
  directories: [],
  permissions: [{ name: 'people:write', reason: 'Purser makes, changes and removes people.' }],
};

const ask = (method, path, more = {}) => requestJson(http, { endpoint: ENDPOINT, method, path, ...more }).json;
const pathOf = (id) => `/people/${encodeURIComponent(id)}`;
const toObject = ({ id, active, login, mail }) => object(id, { login, mail }, { active });

function search({ conditions, pageSize, cursor }) {
  const equal = Object.fromEntries(conditions.map(({ attribute: name, value }) => [name, JSON.parse(value)]));
  const { people, more } = ask('get', '/people', { query: { limit: pageSize, ...(cursor && { after: cursor }) } });
  const fitting = people.filter((person) => Object.entries(equal).every(([name, value]) => person[name] === value));
  const tail = more ? { tag: 'more', val: people.at(-1).id } : { tag: 'complete' };
  return { objects: fitting.map(toObject), tail };
}

function edit({ edit: { tag, val } }) {
  switch (tag) {
    case 'create': {
      const person = { ...JSON.parse(val.attributes), active: val.active ?? true };
      return { tag: 'done', val: toObject(ask('post', '/people', { body: person })) };
    }
    case 'update': {
      const changes = Object.fromEntries(val.changes.map(({ attribute: name, action }) => [name, valueOf(action)]));
      return { tag: 'done', val: toObject(ask('patch', pathOf(val.id), { body: changes })) };
    }
    case 'set-active':
      return { tag: 'done', val: toObject(ask('patch', pathOf(val.id), { body: { active: val.active } })) };
    case 'delete':
      return remove(val.id);
    default:
      throw new ConnectorError('unsupported', `people have no \`${tag}\``);
  }
}

function valueOf({ tag, val }) {
  if (tag === 'clear') return null;
  if (tag === 'replace') return JSON.parse(val);
  throw new ConnectorError('unsupported', 'people have no lists');
}

function remove(id) {
  try {
    ask('delete', pathOf(id));
    return { tag: 'done' };
  } catch (error) {
    if (error.class?.tag === 'not-found') return { tag: 'unchanged' };
    throw error;
  }
}

export const provisioning = connector({
  manifest,
  search,
  get: (_class, id) => toObject(ask('get', pathOf(id))),
  edit,
});
