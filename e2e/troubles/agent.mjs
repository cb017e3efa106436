export default { page: "docs/agent.md", rows: {} };
