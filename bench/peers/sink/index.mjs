export default {
  fetch: () => new Response("sink"),
  queue() {},
};
