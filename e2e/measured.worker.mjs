// Put before a Worker's entry module when its memory is to be measured
// (harness start({measure: true})): GET /.memory answers the bytes of linear
// memory of each WebAssembly instance that lives in the isolate. The entry and
// the .wasm stay those that deploy.
import entry, * as exported from "./index.js";

export * from "./index.js";

const memories = new Set(); // WeakRefs: what was replaced may be collected
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const instance = new Instance(module, imports);
  memories.add(new WeakRef(instance.exports.mem));
  return instance;
};
WebAssembly.Instance.prototype = Instance.prototype; // for instanceof

function living() {
  const bytes = [];
  for (const ref of memories) {
    const memory = ref.deref();
    if (memory) bytes.push(memory.buffer.byteLength);
    else memories.delete(ref);
  }
  return bytes;
}

export default {
  ...entry,
  fetch(request, env, ctx) {
    return new URL(request.url).pathname === "/.memory" ? Response.json(living()) : exported.default.fetch(request, env, ctx);
  },
};
