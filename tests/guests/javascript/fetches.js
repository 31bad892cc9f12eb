// Reads people with `fetch`, as code that was written for a browser or a server does. The configuration's `base` is the URL
// of the API; the class `elsewhere` asks where nothing may be reached.

import * as config from 'purser:connector/config@0.1.0';
import 'purser-sdk/fetch';
import { ConnectorError, attribute, connector, object } from 'purser-sdk';

const manifest = {
  name: 'fetches',
  version: '0.1.0',
  vendor: 'Purser',
  description: 'People read with fetch.',
  configSchema: '{"type":"object"}',
  classes: [
    {
      name: 'person',
      title: 'Person',
      kind: 'account',
      attributes: [attribute('login'), attribute('mail')],
      open: true,
      operations: { search: true, get: true, create: true, update: true, setActive: true, delete: true },
      deleteSemantics: 'hard',
      consistencyLagMs: 0,
    },
  ],
  limits: { pageSize: 200, batchSize: 20 },
  egress: [{ endpoint: 'api', description: 'the API', example: 'https://app.example/api', readingPosts: [] }],
  directories: [],
  permissions: [],
};

const base = () => JSON.parse(config.get()).base;
const toObject = ({ id, active, login, mail }) => object(id, { login, mail }, { active });

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    throw new ConnectorError('permission-denied', `fetch: ${error.message}`);
  }
  if (!answer.ok) throw new ConnectorError('defect', `HTTP ${answer.status}`);
  return await answer.json();
}

async function search({ class: className, pageSize, cursor }) {
  if (className === 'elsewhere') return await ask('http://169.254.169.254/latest/meta-data/');
  if (className === 'post') return await ask(`${base()}people`, { method: 'POST', body: '{"login":"eve"}' });
  const { people, more } = await ask(`${base()}people?limit=${pageSize}${cursor ? `&after=${cursor}` : ''}`);
  return { objects: people.map(toObject), tail: more ? { tag: 'more', val: people.at(-1).id } : { tag: 'complete' } };
}

const get = async (_class, id) => toObject(await ask(`${base()}people/${id}`));

async function edit({ edit: { tag, val } }) {
  if (tag !== 'create') throw new ConnectorError('unsupported', `people have no \`${tag}\``);
  const body = JSON.stringify({ ...JSON.parse(val.attributes), active: val.active ?? true });
  const headers = { 'content-type': 'application/json' };
  return { tag: 'done', val: toObject(await ask(`${base()}people`, { method: 'POST', headers, body })) };
}

export const provisioning = connector({ manifest, search, get, edit });
