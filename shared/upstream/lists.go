package upstream

import (
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// URIPrefix begins the URIs of upstreams' resources here: the upstream's name,
// a slash and the URI there follow. A template goes on after it as it is.
const URIPrefix = "hookweir://upstreams/"

func uriOf(upstream, uri string) string { return URIPrefix + upstream + "/" + uri }

// Tools lists the pinned tools of every upstream under their names here, as
// they were approved. Nothing is asked of an upstream.
func (u *Upstreams) Tools() ([]*mcp.Tool, error) {
	return listed(u, kindTool, func(upstream string, t *mcp.Tool) { t.Name = upstream + separator + t.Name })
}

// Resources does so for resources.
func (u *Upstreams) Resources() ([]*mcp.Resource, error) {
	return listed(u, kindResource, func(upstream string, r *mcp.Resource) {
		r.Name, r.URI = upstream+separator+r.Name, uriOf(upstream, r.URI)
	})
}

// Templates does so for templates of resources.
func (u *Upstreams) Templates() ([]*mcp.ResourceTemplate, error) {
	return listed(u, kindTemplate, func(upstream string, r *mcp.ResourceTemplate) {
		r.Name, r.URITemplate = upstream+separator+r.Name, uriOf(upstream, r.URITemplate)
	})
}

// Prompts does so for prompts.
func (u *Upstreams) Prompts() ([]*mcp.Prompt, error) {
	return listed(u, kindPrompt, func(upstream string, p *mcp.Prompt) { p.Name = upstream + separator + p.Name })
}

func listed[Item any](u *Upstreams, kind string, rename func(upstream string, i *Item)) ([]*Item, error) {
	rows, err := u.cfg.DB.Exec(`SELECT upstream, pinned FROM upstream_items WHERE kind = ? AND pinned IS NOT NULL AND now IS NOT NULL ORDER BY upstream, name`, kind)
	if err != nil {
		return nil, err
	}
	var out []*Item
	for r := range rows.All() {
		upstream, pinned := r.Text(), r.Text()
		if err := r.Done(); err != nil {
			return nil, err
		}
		i := new(Item)
		if json.Unmarshal([]byte(pinned), i) != nil {
			continue // what the library cannot read, a client could not either
		}
		rename(upstream, i)
		out = append(out, i)
	}
	return out, nil
}
