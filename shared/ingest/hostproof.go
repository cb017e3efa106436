package ingest

import (
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/webhook"
)

// hostProof answers a provider that asks whose deliveries this host takes.
// Without the setting nobody's: 404, as anywhere else where nothing is.
func (g *Gate) hostProof(p *webhook.HostProof, r *Request) *Response {
	value := ""
	if g.cfg.Setting != nil {
		value, _ = g.cfg.Setting(p.Setting)
	}
	if value == "" {
		return answerProblem(problem.New(problem.CodeNotFound, ""))
	}
	if r.Method != "GET" && r.Method != "HEAD" {
		return methodNotAllowed("GET, HEAD")
	}
	doc, err := p.Document(g.cfg.Crypto, value)
	if err != nil {
		g.cfg.Log(append(jsontext.AppendString([]byte(`{"level":"error","event":"edge.bad_setting","setting":`), p.Setting), '}'))
		return answerProblem(problem.New(problem.CodeNotReady, "the worker's variable "+p.Setting+" is no list of ids"))
	}
	return &Response{Status: 200, Header: [][2]string{{"content-type", "text/plain"}, noStore}, Body: doc}
}
