// Lets jsforce, the client for Node.js, judge the emulator. Ends with status 0 where all was as it expects.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.PURSER_CLIENTS}/package.json`);
const jsforce = require('jsforce');
const { BASE, SESSION } = process.env;
const connection = new jsforce.Connection({ instanceUrl: BASE, accessToken: SESSION, version: '62.0', maxRequest: 5 });

const fails = async (promise, code) => {
  await assert.rejects(promise, (error) => (assert.equal(error.errorCode, code), true));
};

const profile = (await connection.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")).records[0].Id;
const user = (name) => ({
  Username: `${name}@acme.example`, LastName: 'O\'Hara', Email: `${name}@acme.example`, Alias: name, ProfileId: profile,
  TimeZoneSidKey: 'GMT', LocaleSidKey: 'en_US', LanguageLocaleKey: 'en_US', EmailEncodingKey: 'UTF-8',
});

const made = await connection.sobject('User').create(user('one'));
assert.equal(made.success, true);
assert.match(made.id, /^005[0-9A-Za-z]{15}$/);
await fails(connection.sobject('User').create(user('one')), 'DUPLICATE_USERNAME');
await fails(connection.sobject('User').create({ Username: 'two@acme.example' }), 'REQUIRED_FIELD_MISSING');
await fails(connection.sobject('User').create({ ...user('two'), Nothing: 1 }), 'INVALID_FIELD');
await fails(connection.sobject('User').create({ ...user('two'), TimeZoneSidKey: 'Mars' }), 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');

const many = await connection.sobject('User').create([user('three'), user('one'), user('four')]);
assert.deepEqual(many.map((result) => result.success), [true, false, true]);
assert.equal(many[1].errors[0].statusCode, 'DUPLICATE_USERNAME');

await connection.sobject('User').update({ Id: made.id, IsActive: false, Title: 'Clerk' });
const read = await connection.sobject('User').retrieve(made.id.slice(0, 15));
assert.deepEqual([read.Id, read.IsActive, read.Title, read.Name], [made.id, false, 'Clerk', "O'Hara"]);
await assert.rejects(connection.sobject('User').destroy(made.id));
const found = await connection.sobject('User').find({ LastName: "O'Hara" }, 'Id, Username, Profile.Name')
  .sort('Username').execute({ autoFetch: true, maxFetch: 10 });
assert.equal(found.length, 3);
assert.equal(found[0].Profile.Name, 'Standard User');
await fails(connection.query('SELECT Id FROM User WHERE'), 'MALFORMED_QUERY');

// The emulator answers two rows at once: the client follows nextRecordsUrl.
const all = await connection.query('SELECT Id FROM User ORDER BY Id', { autoFetch: true, maxFetch: 100 });
assert.equal(all.records.length, all.totalSize);
assert.ok(all.totalSize > 4);

const set = (await connection.query("SELECT Id FROM PermissionSet WHERE Name = 'Everyone_Set'")).records[0].Id;
const assignment = { AssigneeId: many[0].id, PermissionSetId: set };
const assigned = await connection.sobject('PermissionSetAssignment').create([assignment, assignment]);
assert.deepEqual(assigned.map((result) => result.success), [true, false]);
const gone = await connection.sobject('PermissionSetAssignment').destroy([assigned[0].id]);
assert.equal(gone[0].success, true);
const described = await connection.sobject('User').describe();
assert.ok(described.fields.some((field) => field.name === 'Username'));
const limits = await connection.limits();
assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);
const now = Date.now();
const window = [new Date(now - 3_600_000).toISOString(), new Date(now + 60_000).toISOString()];
assert.ok((await connection.sobject('User').updated(...window)).ids.includes(made.id));
const group = await connection.sobject('Group').create({ Name: 'Night shift', Type: 'Regular' });
await connection.sobject('Group').destroy(group.id);
assert.equal((await connection.sobject('Group').deleted(...window)).deletedRecords[0].id, group.id);
const stranger = new jsforce.Connection({ instanceUrl: BASE, accessToken: 'nobody', version: '62.0' });
await fails(stranger.query('SELECT Id FROM User'), 'INVALID_SESSION_ID');
