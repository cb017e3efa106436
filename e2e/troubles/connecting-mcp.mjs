export default { page: "docs/connecting-mcp.md", rows: {} };
