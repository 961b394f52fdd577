package genesyssim

// The words are chosen for what breaks programs that take text for ASCII: scripts of one to four bytes a letter, marks that
// combine, letters that run from right to left, what JSON or HTML escape, and what only JavaScript takes for a line end.

// person is a name in JSON, and as an address spells it.
type person struct{ given, name, address string }

// person is the thing's, the same for every field.
func (m *maker) person() person { return m.people[m.own(len(m.people))] }

// newPeople pairs names of one script each. The third spells the é of José with a combining mark, on purpose.
func newPeople() []person {
	names := [][3]string{
		{"Anna", "Schmidt", "anna.schmidt"},
		{"Zoë", "Müller-Lüdenscheidt", "zoe.mueller"},
		{"Jose\u0301", "Nu\u0301n\u0303ez", "jose.nunez"},
		{"Łukasz", "Żółć", "lukasz.zolc"},
		{"Siobhán", "O'Brien", "siobhan.obrien"},
		{"Nguyễn", "Thị Hằng", "nguyen.hang"},
		{"Αλέξανδρος", "Παπαδόπουλος", "a.papadopoulos"},
		{"Екатерина", "Щербакова", "e.shcherbakova"},
		{"فاطمة", "الزهراء", "fatima.zahra"},
		{"מרים", "בן־דוד", "miriam.bendavid"},
		{"अनुष्का", "शर्मा", "anushka.sharma"},
		{"伟", "王", "wang.wei"},
		{"さくら", "小林", "kobayashi.sakura"},
		{"지우", "김", "kim.jiwoo"},
		{"กนกวรรณ", "ศรีสุข", "kanokwan.s"},
		{"Kim 🚀", "Lee", "kim.lee"},
		{"Robin 👩\u200d👩\u200d👧", "Doe", "robin.doe"},
		{"𝒜lice", "𐍈erg", "alice.berg"},
		{"Bob \"Bobby\"", "Tables", "bob.tables"},
		{"Ada <QA>", "Love & Lace", "ada.love"},
		{"ẞtraßer", "İıĞğ", "strasser"},
		{"John", "Smith", "john.smith"},
		{"Olu", "Adeyemi", "olu.adeyemi"},
	}
	people := make([]person, len(names))
	for i, n := range names {
		people[i] = person{given: quote(n[0]), name: quote(n[0] + " " + n[1]), address: n[2]}
	}

	return people
}

func titles() []string {
	return []string{
		"Agent", "Team Lead", "Supervisor", "Agent – Level 2", "R&D <Lead>", "\"Queue\" Owner", "Administrator C:\\ops\\eu",
		"Night shift\nand weekends", "Line\u2028separated\u2029title", "Tab\tbed", "Qualitätssicherung/Überwachung",
		"コールセンター", "مشرف", "Специалист", "Trainer 🎓", "Teilzeit 50 %",
	}
}

func departments() []string {
	return []string{
		"Support", "Sales", "Billing & Collections", "Kundendienst", "Service Après-Vente", "テクニカル", "خدمة العملاء",
		"Поддержка", "Ops {EU}", "[Legacy]", "N/A", "Field \u00a0Service",
	}
}

func divisions() []string {
	return []string{"Home", "Vertrieb Süd", "Κέντρο", "サポート", "R&D <Labs>", "Back Office"}
}

func phrases() []string {
	return []string{
		"Answers what others ask twice.", "Früher Schicht, später Ruhe.", "日本語でどうぞ。", "مرحبا بالجميع",
		"Говорит \"да\" и \"нет\".", "🎧 all day, 📚 all night", "C:\\calls\\2024\\q1", "<b>not markup</b> & never was",
	}
}

func cities() []string {
	return []string{"Berlin Mitte", "São Paulo", "Null Island", "東京駅", "Ny-Ålesund"}
}
