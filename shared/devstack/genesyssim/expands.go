package genesyssim

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// expandSet is the set of expands that a query asks for: bit i is the i-th of [expandNames].
type expandSet uint32

func (e expandSet) has(i int) bool { return e>>i&1 == 1 }

// names returns the set's members as the API spells them, in one order whatever the order asked.
func (e expandSet) names() []string {
	names := make([]string, 0, bits.OnesCount32(uint32(e)))
	for i, name := range expandNames() {
		if e.has(i) {
			names = append(names, name)
		}
	}

	return names
}

// parseExpand reads expand parameters, each a name or several joined by commas.
func parseExpand(values []string) (expandSet, *apiError) {
	var set expandSet
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			i := expandIndex(name)
			if i < 0 {
				return 0, errInvalidValue("expand", "there is no expand "+fmt.Sprintf("%q", name))
			}
			set |= 1 << i
		}
	}

	return set, nil
}

func expandIndex(name string) int {
	for i, known := range expandNames() {
		if name == known {
			return i
		}
	}

	return -1
}

// expandNames lists the expands, in the order in which their keys stand in an entity.
func expandNames() [18]string {
	return [...]string{
		"certifications", "biography", "employerInfo", "routingStatus", "presence", "conversationSummary", "outOfOffice",
		"geolocation", "station", "authorization", "profileSkills", "locations", "groups", "team", "skills", "languages",
		"languagePreference", "dateLastLogin",
	}
}

// expandWriters holds what writes each expand's key, in the order of [expandNames].
func expandWriters() [18]func(*userMaker, int) {
	return [...]func(*userMaker, int){
		(*userMaker).certifications, (*userMaker).biography, (*userMaker).employerInfo, (*userMaker).routingStatus,
		(*userMaker).presence, (*userMaker).conversationSummary, (*userMaker).outOfOffice, (*userMaker).geolocation,
		(*userMaker).station, (*userMaker).authorization, (*userMaker).profileSkills, (*userMaker).locations,
		(*userMaker).groups, (*userMaker).team, (*userMaker).skills, (*userMaker).languages,
		(*userMaker).languagePreference, (*userMaker).dateLastLogin,
	}
}

// expands writes the keys that were asked for, each from dice of its own.
func (m *userMaker) expands(index int, asked expandSet) {
	for i, write := range expandWriters() {
		if asked.has(i) {
			m.reseed(index, uint64(i)+1)
			write(m, index)
		}
	}
}

func (m *userMaker) certifications(int) {
	m.out.array("certifications")
	if m.oneIn(4) {
		m.out.element("GDPR – Grundschulung")
	}
	m.out.close(']')
}

func (m *userMaker) biography(int) {
	m.out.object("biography")
	m.out.text("biography", strings.Repeat(m.choose(m.people.words.phrases)+"\n", 1+m.dice.IntN(20)))
	m.out.array("interests")
	m.out.element(m.choose(m.people.words.phrases))
	m.out.close(']')
	m.out.close('}')
}

func (m *userMaker) employerInfo(index int) {
	m.out.object("employerInfo")
	m.out.text("officialName", "Simulated Organisation & Co. <KG>")
	m.out.text("employeeId", fmt.Sprintf("%07d", index))
	m.out.text("employeeType", m.choose([]string{"Full-time", "Part-time", "Contractor"}))
	m.out.text("dateHire", m.day())
	m.out.close('}')
}

func (m *userMaker) routingStatus(index int) {
	m.out.object("routingStatus")
	m.id("userId", "user", index)
	m.out.text("status", m.choose([]string{"OFF_QUEUE", "IDLE", "INTERACTING", "NOT_RESPONDING"}))
	m.out.text("startTime", m.instant())
	m.out.close('}')
}

func (m *userMaker) presence(index int) {
	n := m.dice.IntN(5)
	m.out.object("presence")
	m.id("id", "user", index)
	m.out.text("source", "PURECLOUD")
	m.out.object("presenceDefinition")
	m.id("id", "presence", n)
	m.out.text("systemPresence", [...]string{"AVAILABLE", "AWAY", "BUSY", "OFFLINE", "ON_QUEUE"}[n])
	m.selfURI("/api/v2/presencedefinitions/", "presence", n)
	m.out.close('}')
	m.out.text("message", m.choose(m.people.words.phrases))
	m.out.text("modifiedDate", m.instant())
	m.out.close('}')
}

func (m *userMaker) conversationSummary(index int) {
	m.out.object("conversationSummary")
	m.id("userId", "user", index)
	for _, medium := range [...]string{"call", "email", "message"} {
		m.out.object(medium)
		m.out.object("contactCenter")
		m.out.number("active", int64(m.dice.IntN(3)))
		m.out.number("acw", 0)
		m.out.close('}')
		m.out.close('}')
	}
	m.out.close('}')
}

func (m *userMaker) outOfOffice(int) {
	m.out.object("outOfOffice")
	m.out.boolean("active", false)
	m.out.boolean("indefinite", false)
	m.out.close('}')
}

// geolocation carries numbers in every form that JSON has: exponents, negative zero, more digits than a float64 holds.
func (m *userMaker) geolocation(int) {
	where := m.people.words.places[m.dice.IntN(len(m.people.words.places))]
	m.out.object("geolocation")
	m.out.text("type", "browser")
	m.out.boolean("primary", true)
	m.out.raw("latitude", where.latitude)
	m.out.raw("longitude", where.longitude)
	m.out.text("country", where.country)
	m.out.text("city", where.city)
	m.out.close('}')
}

func (m *userMaker) station(index int) {
	m.out.object("station")
	if m.oneIn(2) {
		m.out.object("associatedStation")
		m.id("id", "station", index)
		m.out.text("name", "WebRTC "+m.choose(m.people.words.departments))
		m.out.text("type", "inin_webrtc_softphone")
		m.out.object("associatedUser")
		m.id("id", "user", index)
		m.selfURI("/api/v2/users/", "user", index)
		m.out.close('}')
		m.out.close('}')
	}
	m.out.close('}')
}

func (m *userMaker) authorization(int) {
	m.out.object("authorization")
	m.out.array("roles")
	for n := range 1 + m.dice.IntN(3) {
		m.out.open('{')
		m.id("id", "role", n)
		m.out.text("name", [...]string{"employee", "user", "Engage Agent <std>"}[n])
		m.out.close('}')
	}
	m.out.close(']')
	m.out.array("permissions")
	m.out.element("directory:user:view")
	m.out.element("routing:queue:view")
	m.out.close(']')
	m.out.close('}')
}

func (m *userMaker) profileSkills(int) {
	m.out.array("profileSkills")
	for range m.dice.IntN(4) {
		m.out.element(m.choose(m.people.words.skills))
	}
	m.out.close(']')
}

func (m *userMaker) locations(int) {
	m.out.array("locations")
	if m.oneIn(2) {
		n := m.dice.IntN(len(m.people.words.places))
		m.out.open('{')
		m.id("id", "location", n)
		m.out.text("floorplanId", "EG/1")
		m.out.raw("coordinates", `{"x":0.25,"y":1.0E-5}`)
		m.out.object("locationDefinition")
		m.id("id", "location", n)
		m.out.text("name", m.people.words.places[n].name)
		m.selfURI("/api/v2/locations/", "location", n)
		m.out.close('}')
		m.out.close('}')
	}
	m.out.close(']')
}

func (m *userMaker) groups(int) { m.references("groups", "/api/v2/groups/", "group", m.dice.IntN(4)) }

// references writes an array of objects that hold an id and a link, as the platform writes what it does not expand.
func (m *userMaker) references(name, prefix, kind string, count int) {
	m.out.array(name)
	for range count {
		n := m.dice.IntN(500)
		m.out.open('{')
		m.id("id", kind, n)
		m.selfURI(prefix, kind, n)
		m.out.close('}')
	}
	m.out.close(']')
}

func (m *userMaker) team(int) {
	n := m.dice.IntN(30)
	m.out.object("team")
	m.id("id", "team", n)
	m.out.text("name", m.choose(m.people.words.departments))
	m.selfURI("/api/v2/teams/", "team", n)
	m.out.close('}')
}

func (m *userMaker) skills(int) {
	m.proficiencies("skills", "/api/v2/routing/skills/", "skill", m.people.words.skills)
}

func (m *userMaker) languages(int) {
	m.proficiencies("languages", "/api/v2/routing/languages/", "language", m.people.words.languages)
}

func (m *userMaker) proficiencies(name, prefix, kind string, from []string) {
	m.out.array(name)
	for range m.dice.IntN(4) {
		n := m.dice.IntN(len(from))
		m.out.open('{')
		m.id("id", kind, n)
		m.out.text("name", from[n])
		m.out.raw("proficiency", [...]string{"1.0", "2.5", "4", "5.0"}[m.dice.IntN(4)])
		m.out.text("state", "active")
		m.selfURI(prefix, kind, n)
		m.out.close('}')
	}
	m.out.close(']')
}

func (m *userMaker) languagePreference(int) {
	m.out.text("languagePreference", m.choose([]string{"en-us", "de", "ja", "pt-br", "ar"}))
}

func (m *userMaker) dateLastLogin(int) {
	if !m.oneIn(7) { // somebody who never logged in has none
		m.out.text("dateLastLogin", m.instant())
	}
}

func (m *userMaker) moment() time.Time {
	return time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.dice.IntN(700*86_400_000)) * time.Millisecond)
}

func (m *userMaker) instant() string { return m.moment().Format("2006-01-02T15:04:05.000Z") }

func (m *userMaker) day() string { return m.moment().Format(time.DateOnly) }
