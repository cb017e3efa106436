export default { page: "docs/deploying.md", rows: {} };
