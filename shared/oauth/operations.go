package oauth

// Operation says which scopes a call of a provider's API takes: any one of
// them is enough. In Path `*` is one segment and a last `**` any rest.
type Operation struct {
	Provider string
	Method   string // empty: any
	Path     string
	Scopes   []string
}

const (
	googleScope = "https://www.googleapis.com/auth/"
	googleMail  = "https://mail.google.com/"
)

// operations is the map from calls to scopes, for providers whose answers do
// not say it themselves (GitHub and Slack do, in headers); read only. Rows of
// one provider stand in the order in which they are tried. It covers what
// agents call most and grows by rows; a connection brings its own for the rest.
//
// Sources: developers.google.com/gmail/api/auth/scopes and its like for
// Calendar, Drive and Sheets; learn.microsoft.com/graph/permissions-reference;
// developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes.
var operations = [...]Operation{
	{"google", "POST", "/gmail/v1/users/*/messages/send", []string{googleScope + "gmail.send", googleScope + "gmail.compose", googleScope + "gmail.modify", googleMail}},
	{"google", "GET", "/gmail/v1/**", []string{googleScope + "gmail.readonly", googleScope + "gmail.modify", googleMail}},
	{"google", "", "/gmail/v1/**", []string{googleScope + "gmail.modify", googleMail}},
	{"google", "GET", "/calendar/v3/**", []string{googleScope + "calendar.readonly", googleScope + "calendar.events.readonly", googleScope + "calendar.events", googleScope + "calendar"}},
	{"google", "", "/calendar/v3/**", []string{googleScope + "calendar.events", googleScope + "calendar"}},
	{"google", "GET", "/drive/v3/**", []string{googleScope + "drive.readonly", googleScope + "drive.metadata.readonly", googleScope + "drive.file", googleScope + "drive"}},
	{"google", "", "/drive/v3/**", []string{googleScope + "drive.file", googleScope + "drive"}},
	{"google", "GET", "/v4/spreadsheets/**", []string{googleScope + "spreadsheets.readonly", googleScope + "spreadsheets", googleScope + "drive.file", googleScope + "drive"}},
	{"google", "", "/v4/spreadsheets/**", []string{googleScope + "spreadsheets", googleScope + "drive.file", googleScope + "drive"}},
	{"microsoft", "POST", "/v1.0/me/sendMail", []string{"Mail.Send"}},
	{"microsoft", "GET", "/v1.0/me/messages/**", []string{"Mail.Read", "Mail.ReadWrite"}},
	{"microsoft", "", "/v1.0/me/messages/**", []string{"Mail.ReadWrite"}},
	{"microsoft", "GET", "/v1.0/me/events/**", []string{"Calendars.Read", "Calendars.ReadWrite"}},
	{"microsoft", "", "/v1.0/me/events/**", []string{"Calendars.ReadWrite"}},
	{"microsoft", "GET", "/v1.0/me", []string{"User.Read", "User.ReadWrite"}},
	{"hubspot", "GET", "/crm/v3/objects/contacts/**", []string{"crm.objects.contacts.read"}},
	{"hubspot", "", "/crm/v3/objects/contacts/**", []string{"crm.objects.contacts.write"}},
	{"hubspot", "GET", "/crm/v3/objects/companies/**", []string{"crm.objects.companies.read"}},
	{"hubspot", "", "/crm/v3/objects/companies/**", []string{"crm.objects.companies.write"}},
	{"hubspot", "GET", "/crm/v3/objects/deals/**", []string{"crm.objects.deals.read"}},
	{"hubspot", "", "/crm/v3/objects/deals/**", []string{"crm.objects.deals.write"}},
}

// Operations lists those of a provider.
func Operations(provider string) []Operation {
	var list []Operation
	for _, o := range operations {
		if o.Provider == provider {
			list = append(list, o)
		}
	}
	return list
}
