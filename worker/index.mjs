import "../build/wasm_exec.js";
import module from "../build/worker.wasm";
import { createWorker } from "../shared/edge/ingress/ingress.mjs";

export default createWorker(module);
