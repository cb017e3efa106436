package oauth

// catalogue is every provider, by name; read only.
var catalogue = [...]Provider{
	{Name: Custom},
	{Name: Issuer},
}
