package genesys_test

import (
	"testing"

	"genesys-cloud-export/shared/genesys"
)

func TestX09LinksAgreeWhereOnlyTheirSpellingDiffers(t *testing.T) {
	t.Parallel()

	const path = "/api/v2/users/query?cursor="

	for name, test := range map[string]struct {
		links genesys.Links
		agree bool
	}{
		"a cursor with a plus, unescaped in the link": {genesys.Links{NextURI: path + "a+b/c==", Cursor: "a+b/c=="}, true},
		"a cursor with a plus, escaped in the link":   {genesys.Links{NextURI: path + "a%2Bb%2Fc%3D%3D", Cursor: "a+b/c=="}, true},
		"a cursor that is escaped itself":             {genesys.Links{NextURI: path + "a%3D", Cursor: "a%3D"}, true},
		"another cursor":                              {genesys.Links{NextURI: path + "a+b", Cursor: "a-b"}, false},
		"another cursor than one that cannot be read": {genesys.Links{NextURI: path + "a%zz", Cursor: "other"}, false},
		"two links that cannot be read":               {genesys.Links{NextURI: path + "a%zz", NextPageURI: path + "b%zz"}, false},
		"two links in another order":                  {genesys.Links{NextURI: path + "a&x=1", NextPageURI: "/api/v2/users/query?x=1&cursor=a"}, true},
		"two links":                                   {genesys.Links{NextURI: path + "a", NextPageURI: path + "b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			link, err := test.links.Next(usersPath)
			if agree := err == nil && link == test.links.NextURI; agree != test.agree {
				t.Errorf("got %q and %v, want agreement: %v", link, err, test.agree)
			}
		})
	}
}
