import "../build/wasm_exec.js";
import module from "../build/consumers.wasm";
import { createBackend } from "../shared/edge/backend/backend.mjs";

const { handler, objectClass } = createBackend(module);

export default handler;
export class Ledger extends objectClass("Ledger") {}
export class Tenant extends objectClass("Tenant") {}
export class Vault extends objectClass("Vault") {}
export class Lane extends objectClass("Lane") {}
export class Poll extends objectClass("Poll") {}
export class Schedule extends objectClass("Schedule") {}
