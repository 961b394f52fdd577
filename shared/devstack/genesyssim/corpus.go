package genesyssim

// person is a name as it is shown, and as an address spells it.
type person struct {
	given, family string
	address       string
}

// corpus is what users' texts are made of. It is here for what breaks programs that take text for ASCII: scripts of
// one to four bytes a letter, marks that combine, letters that run from right to left, characters that JSON or HTML
// escape, and separators that only JavaScript takes for line ends.
type corpus struct {
	people      []person
	titles      []string
	departments []string
	divisions   []string
	phrases     []string
	skills      []string
	languages   []string
	places      []place
}

type place struct {
	name, city, country string
	latitude, longitude string // as JSON numbers, in the forms that a Java server writes
}

func newCorpus() *corpus {
	return &corpus{
		people: corpusPeople(), titles: corpusTitles(), departments: corpusDepartments(),
		divisions: []string{"Home", "Vertrieb Süd", "Κέντρο", "サポート", "R&D <Labs>", "Back Office"},
		phrases: []string{
			"Answers what others ask twice.", "Früher Schicht, später Ruhe.", "日本語でどうぞ。", "مرحبا بالجميع",
			"Говорит \"да\" и \"нет\".", "🎧 all day, 📚 all night", "C:\\calls\\2024\\q1", "<b>not markup</b> & never was",
		},
		skills:    []string{"Billing", "Retenção", "Zweitlinie", "技術", "Chat & Mail", "VIP"},
		languages: []string{"English - Written", "Deutsch", "Français", "日本語", "العربية", "Português (BR)"},
		places: []place{
			{"Berlin Mitte", "Berlin", "DE", "52.520008", "13.404954"},
			{"São Paulo", "São Paulo", "BR", "-23.55052", "-46.633308"},
			{"Null Island", "—", "GH", "0.0", "-0.0"},
			{"東京駅", "東京", "JP", "35.681236", "1.39767125E2"},
			{"Ny-Ålesund", "Ny-Ålesund", "NO", "78.9235", "11.909899999999993"},
		},
	}
}

// corpusPeople pairs names of one script each. The third spells the é of José with a combining mark, on purpose.
func corpusPeople() []person {
	return []person{
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
		{"Iñtërnâ", "tiônàlizætiøn", "inter.national"},
		{"ẞtraßer", "İıĞğ", "strasser"},
		{"John", "Smith", "john.smith"},
		{"Maria", "Garcia", "maria.garcia"},
		{"Wei", "Chen", "wei.chen"},
		{"Olu", "Adeyemi", "olu.adeyemi"},
		{"Ingrid", "Bergström", "ingrid.bergstrom"},
		{"Tom", "Baker", "tom.baker"},
	}
}

func corpusTitles() []string {
	return []string{
		"Agent", "Senior Agent", "Team Lead", "Supervisor", "Agent – Level 2", "R&D <Lead>", "\"Queue\" Owner",
		"Administrator C:\\ops\\eu", "Night shift\nand weekends", "Line\u2028separated\u2029title", "Tab\tbed",
		"Qualitätssicherung/Überwachung", "コールセンター", "مشرف", "Специалист", "Trainer 🎓", "Teilzeit 50 %",
	}
}

func corpusDepartments() []string {
	return []string{
		"Support", "Sales", "Billing & Collections", "Kundendienst", "Service Après-Vente", "テクニカル", "خدمة العملاء",
		"Поддержка", "Ops {EU}", "[Legacy]", "N/A", "Field \u00a0Service",
	}
}
