// Microsoft's own client, told to work with the emulator. Prints one JSON object of what it saw.
// Over plain http the client's own middleware takes the token away, so that the chain here ends in its HTTP handler alone.
import { createRequire } from "node:module";
import path from "node:path";

const [base, token, clients] = process.argv.slice(2);
const require = createRequire(path.join(clients, "package.json"));
const { Client, HTTPMessageHandler, RetryHandler, RetryHandlerOptions, PageIterator, BatchRequestContent, BatchResponseContent } =
    require("@microsoft/microsoft-graph-client");

const retry = new RetryHandler(new RetryHandlerOptions());
const bearer = {
    async execute(context) {
        context.options.headers = { ...context.options.headers, Authorization: `Bearer ${token}` };
        return this.next.execute(context);
    },
    setNext(next) { this.next = next; },
};
retry.setNext(bearer);
bearer.setNext(new HTTPMessageHandler());
const client = Client.initWithMiddleware({ baseUrl: base, defaultVersion: ".", middleware: retry });

// The client takes a link for a whole URL only where it begins with https.
const api = client.api.bind(client);
client.api = (link) => api(link.startsWith(base) ? link.slice(base.length) : link);

const person = (n) => ({
    accountEnabled: true, displayName: `Person ${n}`, mailNickname: `p${n}`, userPrincipalName: `p${n}@contoso.example`,
    givenName: "Person", surname: `O'${n}`, passwordProfile: { password: `Secret-word-${n}`, forceChangePasswordNextSignIn: true },
});
const failure = async (call) => {
    try { await call(); return null; } catch (error) { return { status: error.statusCode, code: error.code, body: JSON.parse(error.body) }; }
};

const users = [];
for (let n = 0; n < 7; n++) users.push(await client.api("/users").post(person(n)));
const twice = await failure(() => client.api("/users").post(person(0)));
const absent = await failure(() => client.api("/users/00000000-0000-4000-8000-00000000ffff").get());
const advanced = await failure(() => client.api("/users").count(true).get());

const listed = [];
const first = await client.api("/users").select("id,surname,accountEnabled").top(3).get();
await new PageIterator(client, first, (user) => { listed.push(user.id); return true; }).iterate();
const found = await client.api("/users").filter("surname eq 'O''3'").select("id").get();

const group = await client.api("/groups").post({ displayName: "everyone", mailEnabled: false, mailNickname: "everyone", securityEnabled: true, groupTypes: [] });
await client.api(`/groups/${group.id}`).patch({ "members@odata.bind": users.slice(0, 2).map((user) => `${base}/directoryObjects/${user.id}`) });
await client.api(`/groups/${group.id}/members/$ref`).post({ "@odata.id": `${base}/directoryObjects/${users[2].id}` });
const again = await failure(() => client.api(`/groups/${group.id}/members/$ref`).post({ "@odata.id": `${base}/directoryObjects/${users[2].id}` }));
await client.api(`/groups/${group.id}/members/${users[0].id}/$ref`).delete();
const members = (await client.api(`/groups/${group.id}/members`).get()).value.map((member) => member.id).sort();

let delta = await client.api("/users/delta").select("id,displayName").get();
await client.api(`/users/${users[1].id}/manager/$ref`).put({ "@odata.id": `${base}/users/${users[2].id}` });
await client.api(`/users/${users[3].id}`).delete();
const gone = await client.api("/directory/deletedItems/microsoft.graph.user").get();
delta = await client.api(delta["@odata.deltaLink"]).get();
const changed = Object.fromEntries(delta.value.map((user) => [user.id, user["@removed"]?.reason ?? "present"]));
await client.api(`/directory/deletedItems/${users[3].id}/restore`).post({});

const requests = users.slice(0, 5).map((user, index) => ({
    id: `${index}`,
    // The client cuts scheme and host off, and nothing else.
    request: new Request(`${new URL(base).origin}/users/${user.id}`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ department: "Sales" }) }),
}));
const content = await new BatchRequestContent(requests).getContent();
const responses = new BatchResponseContent(await client.api("/$batch").post(content)).getResponses();
const statuses = [...responses.values()].map((response) => response.status);

console.log(JSON.stringify({
    made: users.map((user) => user.id).sort(), listed: listed.sort(), found: found.value.map((user) => user.id), wanted: users[3].id,
    twice, absent, advanced, again, members, expected: [users[1].id, users[2].id].sort(),
    gone: gone.value.map((user) => user.id), changed, statuses,
}));
