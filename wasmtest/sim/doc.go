// Package sim runs Hookweir's deployable modules through random days: webhooks
// good, duplicate and forged, agents that are down, secrets that rotate,
// operators that replay, on a platform that commits every sin it has; and
// holds the guarantees of DESIGN §1 against what happened.
//
//	seed ─▶ plan ─▶ provider, operator, agent ─▶ wasmtest.Edge ─▶ history ─▶ Check
//	          │                                     ▲                 │ violations
//	          └─ which faults, how often ───────────┘                 ▼
//	                                                               Shrink
//
// # Parts
//
// A run is composed of parts ([parts]): each has its steps, its outside
// servers, its model of what happened and the guarantees that it checks, in a
// file of its own. What they share is the edge, the operator's API and
// [Events], the model of what reaches the agents from wherever it comes.
//
// # The model
//
// The model is independent of the code under test: it imports none of it and
// knows only what the outside sent and was answered, what each tenant's agent
// received and answered, and which faults happened. From these:
//
//	G1  a delivery that was forged, or signed with a secret whose overlap and
//	    propagation are over, got no 2xx and reached no agent
//	G2  every 2xx is an event that some agent call or a dead letter shows
//	G3  at the end of the calm each such event was delivered, or is dead, and
//	    then a replay delivers it; a replay that the API agreed to brings the
//	    event again, under the same id.
//	    A write that was accepted is acted on, or dead or parked with the agent
//	    told, or waits behind such a one; none is repeated that may have been
//	    acted on, unless the far side knows it again
//	G4  an agent that said 2xx is not called again for that event, unless a
//	    fault in between can have hidden its answer, or someone asked
//	G6  every call of a destination carries its credential; every call of an
//	    agent is signed with its tenant's secrets: the newest once its
//	    rotation is long enough ago, those before it while their overlap
//	    lasts, and none that was rotated out
//	G7  the writes of a key are acted on in the order of their acceptance
//	G8  a destination's own token bucket, by its own clock, never runs dry
//	G9  whatever is on a list that is polled is promised as an accepted event
//	    is: it reaches the agent. A poll that got nowhere for three intervals
//	    has told the agent
//	G10 an event reaches its own tenant's agent only, a token its own tenant's
//	    API, a tool's call its own tenant's server
//
// Of connections (Grants):
//
//	G5  a refresh token that may have been used up is not sent again: after an
//	    answer, a lost one too, never; after one that says that the server
//	    failed, once; a lost one once where the operator takes the risk. Nobody
//	    is handed an older token than somebody had before
//	G6  every call of the API has a token of its tenant that has not ended, and
//	    comes only while the connection does not need a person; when it does,
//	    it says so, callers get an error, and the agent is told as often
//
// Of upstream tools (Pins), "pin" and "drift":
//
//	pin   a call comes after a look in the same session, of a tool that may be
//	      called by what is approved and what it is now; the agent is shown
//	      what is approved
//	drift a change that blocks is told to the agent, each time it comes
//
// Of the company's database, "knowledge": rows are what it said at some
// instant since the question, and only where they may be read.
//
// Each seed enables a random part of the faults only: what is never lost
// never excuses anything.
package sim
