package genesyssim

import "time"

// userModel is the vendor's model User, in its order, with most of its expands.
func userModel(size int) *model {
	address := joined(func(m *maker) { m.buf = append(m.buf, m.person().address...) }, raw("."), ownNumber, raw("@example.com"))
	fields := []field{
		id(),
		is("name", func(m *maker) { m.buf = append(m.buf, m.person().name...) }),
		is("division", about("division", len(divisions()), id(), name(divisions()), selfURI("/api/v2/authorization/divisions/"))),
		maybe("chat", 8, object(is("jabberId", joined(ownID, raw("@simulated.orgspan.com"))))),
		maybe("department", 5, rarely(30, repeated(120, phrases()), text(departments()...))), // of kilobytes
		is("email", address),
		is("primaryContactInfo", only(object(is("address", address), is("mediaType", raw(`"EMAIL"`)), is("type", raw(`"PRIMARY"`))))),
		is("addresses", list(2, object(
			is("address", joined(raw("+49", "+1"), number(2_000_000_000, 9_999_999_999))),
			is("mediaType", raw(`"PHONE"`, `"SMS"`)), is("type", raw(`"WORK"`, `"MOBILE"`)),
		))),
		is("state", func(m *maker) { m.buf = append(append(append(m.buf, '"'), stateOf(m.n)...), '"') }),
		maybe("title", 6, text(titles()...)),
		is("username", address),
		maybe("manager", 5, theThing("user", func(m *maker) int { return m.dice.IntN(m.n + 1) }, id(), selfURI("/api/v2/users/"))),
		maybe("images", 3, list(3, object(
			is("resolution", raw(`"x48"`, `"x96"`, `"x200"`)),
			is("imageUri", joined(raw("https://images.example.com/profiles/"), ownID, raw(".jpg?v=1&s=2"))),
		))),
		is("version", rarely(50, raw("9007199254740993"), number(1, 400))), // which no float64 holds
	}

	return &model{kind: "user", size: size, fields: append(append(fields, userExpands()...),
		is("acdAutoAnswer", raw("true", "false", "false")),
		maybe("preferredName", 4, func(m *maker) { m.buf = append(m.buf, m.person().given...) }),
		selfURI("/api/v2/users/"),
	)}
}

func userExpands() []field {
	const stamp = "2006-01-02T15:04:05.000Z"
	userID := is("userId", joined(ownID))
	skills := []string{"Billing", "Retenção", "Zweitlinie", "技術", "Chat & Mail", "VIP"}
	languages := []string{"English - Written", "Deutsch", "Français", "日本語", "العربية", "Português (BR)"}
	presences := []string{"AVAILABLE", "AWAY", "BUSY", "OFFLINE", "ON_QUEUE"}
	roles := []string{"employee", "user", "Engage Agent <std>"}
	skilled := func(kind string, names []string, prefix string) value {
		return list(3, about(kind, len(names), id(), name(names), is("proficiency", raw("1.0", "2.5", "4", "5.0")),
			is("state", raw(`"active"`)), selfURI(prefix)))
	}
	conversations := object(is("contactCenter", object(is("active", number(0, 3)), is("acw", raw("0")))))

	return []field{
		expanded("certifications", list(1, text("GDPR – Grundschulung"))),
		expanded("biography", object(is("biography", repeated(20, phrases())), is("interests", list(2, text(phrases()...))))),
		expanded("employerInfo", object(is("officialName", text("Simulated Organisation & Co. <KG>")), is("employeeId", joined(raw("E"), ownNumber)),
			is("employeeType", text("Full-time", "Part-time", "Contractor")), is("dateHire", instant(time.DateOnly)))),
		expanded("routingStatus", object(userID, is("status", raw(`"OFF_QUEUE"`, `"IDLE"`, `"INTERACTING"`)), is("startTime", instant(stamp)))),
		expanded("presence", object(id(), is("source", raw(`"PURECLOUD"`)),
			is("presenceDefinition", about("presence", len(presences), id(), is("systemPresence", nth(presences)), selfURI("/api/v2/presencedefinitions/"))),
			is("message", text(phrases()...)), is("modifiedDate", instant(stamp)))),
		expanded("conversationSummary", object(userID, is("call", conversations), is("email", conversations), is("message", conversations))),
		expanded("outOfOffice", object(is("active", raw("false")), is("indefinite", raw("false")))),
		expanded("geolocation", about("place", len(cities()), is("type", raw(`"browser"`)), is("primary", raw("true")),
			is("latitude", nthRaw("52.520008", "-23.55052", "0.0", "35.681236", "78.9235")), // as a Java server writes numbers
			is("longitude", nthRaw("13.404954", "-46.633308", "-0.0", "1.39767125E2", "11.909899999999993")), is("city", nth(cities())))),
		expanded("station", object(maybe("associatedStation", 2, about("station", 5_000, id(),
			is("name", text("WebRTC Vertrieb", "WebRTC サポート")), is("type", raw(`"inin_webrtc_softphone"`)))))),
		expanded("authorization", object(is("roles", list(3, about("role", len(roles), id(), name(roles)))),
			is("permissions", raw(`["directory:user:view","routing:queue:view"]`)))),
		expanded("profileSkills", list(3, text(skills...))),
		expanded("locations", list(1, about("location", len(cities()), id(), is("floorplanId", text("EG/1")), is("coordinates", raw(`{"x":0.25,"y":1.0E-5}`)),
			is("locationDefinition", object(id(), name(cities()), selfURI("/api/v2/locations/")))))),
		expanded("groups", list(3, about("group", 500, id(), selfURI("/api/v2/groups/")))),
		expanded("team", about("team", 30, id(), name(departments()), selfURI("/api/v2/teams/"))),
		expanded("skills", skilled("skill", skills, "/api/v2/routing/skills/")),
		expanded("languages", skilled("language", languages, "/api/v2/routing/languages/")),
		expanded("languagePreference", text("en-us", "de", "ja", "pt-br", "ar")),
		{name: "dateLastLogin", value: instant(stamp), expand: true, absent: 7}, // somebody who never logged in has none
	}
}
