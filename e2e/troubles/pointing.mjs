export default { page: "docs/pointing.md", rows: {} };
