// SCIMMY as a SCIM server in memory: `node scimmy.mjs TOKEN` prints the port on which it listens.
import express from "express";
import SCIMMY from "scimmy";
import Routers from "scimmy-routers";
import { randomUUID } from "node:crypto";

const token = process.argv[2];

function declare(resource, unique) {
  const kept = new Map();
  const known = (id) => {
    if (!kept.has(id)) throw new SCIMMY.Types.Error(404, null, `${id} is not there`);
    return kept.get(id);
  };
  SCIMMY.Resources.declare(resource, {
    egress: ({ id, filter }) => {
      if (id) return known(id);
      const all = [...kept.values()];
      return filter ? filter.match(all) : all;
    },
    ingress: ({ id }, data) => {
      const before = id ? known(id) : undefined;
      const own = before?.id ?? randomUUID();
      const name = data[unique]?.toLowerCase();
      for (const other of kept.values()) {
        if (other.id !== own && other[unique]?.toLowerCase() === name) {
          throw new SCIMMY.Types.Error(409, "uniqueness", `another has this ${unique}`);
        }
      }
      const now = new Date().toISOString();
      const meta = { created: before?.meta.created ?? now, lastModified: now };
      const after = { ...JSON.parse(JSON.stringify(data)), id: own, meta };
      kept.set(own, after);
      return after;
    },
    degress: ({ id }) => {
      known(id);
      kept.delete(id);
    },
  });
}

declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false), "userName");
declare(SCIMMY.Resources.Group, "displayName");

const handler = (request) => {
  if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("the token is not valid");
  return "provisioning";
};
const app = express();
app.use("/scim/v2", new Routers({ type: "bearer", handler }));
const listening = app.listen(0, "127.0.0.1", () => console.log(listening.address().port));
