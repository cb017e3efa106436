export default { page: "docs/configuration.md", rows: {} };
