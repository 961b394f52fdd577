package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// twice marks a name that is to stand in a document a second time.
const twice = "TWICE-"

// mutants are the documents that differ from v in one place, by what was done to them.
func mutants(v any) map[string]any {
	list := map[string]any{"null": nil, "in an array": []any{v}}

	within := func(where string, inner any, put func(any) any) {
		for what, mutant := range mutants(inner) {
			list[where+" "+what] = put(mutant)
		}
	}

	switch v := v.(type) {
	case string:
		list["empty"], list["longer"], list["a number"] = "", v+"x", 1
	case float64:
		list["greater"], list["less"], list["text"], list["a fraction"] = v+1, v-1, fmt.Sprint(v), v+0.5
	case object:
		list["with another field"] = with(v, "other", 1)

		for name, inner := range v {
			list["without "+name] = without(v, name)
			list[name+" in capitals"] = with(without(v, name), strings.ToUpper(name), inner)
			list[name+" twice"] = with(v, twice+name, inner)
			within(name, inner, func(mutant any) any { return with(v, name, mutant) })
		}
	case []any:
		for n, inner := range v {
			list[fmt.Sprintf("without %d", n)] = slices.Delete(slices.Clone(v), n, n+1)
			list[fmt.Sprintf("%d twice", n)] = slices.Insert(slices.Clone(v), n, inner)
			within(strconv.Itoa(n), inner, func(mutant any) any { return slices.Replace(slices.Clone(v), n, n+1, mutant) })

			if n > 0 {
				swapped := slices.Clone(v)
				swapped[n-1], swapped[n] = swapped[n], swapped[n-1]
				list[fmt.Sprintf("%d before %d", n, n-1)] = swapped
			}
		}
	}

	return list
}

func with(o object, name string, value any) object {
	o = maps.Clone(o)
	o[name] = value

	return o
}

func without(o object, name string) object {
	o = maps.Clone(o)
	delete(o, name)

	return o
}

func TestEverySingleChangeOfADocumentIsAProblem(t *testing.T) {
	t.Parallel()

	// Of a checkpoint, the check reads what the manifest is made of.
	read := []string{"export_id", "listing", "environment", "generator", "query", "started_at", "completed_at", "position"}

	for key, c := range map[string]struct {
		fewest int
		free   func(what string) bool
	}{
		manifest: {150, func(what string) bool {
			// Nobody but the API knows its totals.
			return what == "without drift" ||
				strings.HasPrefix(what, "drift total_") && (strings.HasSuffix(what, " greater") || strings.HasSuffix(what, " less"))
		}},
		latest: {20, func(string) bool { return false }},
		checkpoint: {60, func(what string) bool {
			field, change, _ := strings.Cut(what, " ")
			if field == "without" {
				field = change
			}

			return !slices.Contains(read, field) && what != "null" && what != "in an array" || strings.HasSuffix(what, " twice") ||
				strings.HasSuffix(what, " in capitals") || strings.HasSuffix(what, "with another field") || strings.Contains(what, " next")
		}},
	} {
		base := newExport()
		base.truth = nil
		base.replaced(1)
		base.manifest["drift"] = object{"total_first": 9, "total_last": 10, "records": 9}
		mustBeGood(t, base)

		var document any
		if err := json.Unmarshal(base.objects[key], &document); err != nil {
			t.Fatal(err)
		}

		tried := 0

		for what, mutant := range mutants(document) {
			if c.free(what) {
				continue
			}

			tried++
			e := *base
			e.manifest, e.latest, e.checkpoint = nil, nil, nil
			e.objects = maps.Clone(base.objects)
			e.objects[key] = bytes.ReplaceAll(marshal(mutant), []byte(twice), nil)

			if report, err := e.verify(t); err != nil || report.OK() {
				t.Errorf("%s, %s: got no problem and the error %v", key, what, err)
			}
		}

		if tried < c.fewest {
			t.Errorf("%s: %d changes were tried, want at least %d", key, tried, c.fewest)
		}
	}
}

func TestADocumentThatIsMissingCutOrFollowedByMoreIsAProblem(t *testing.T) {
	t.Parallel()

	for _, key := range []string{manifest, latest, checkpoint} {
		for what, change := range map[string]func(e *export, body []byte){
			"missing":          func(e *export, _ []byte) { delete(e.objects, key) },
			"empty":            func(e *export, _ []byte) { e.objects[key] = nil },
			"cut":              func(e *export, body []byte) { e.objects[key] = body[:len(body)-1] },
			"followed by more": func(e *export, body []byte) { e.objects[key] = append(body, "{}"...) },
			"encoded":          func(e *export, _ []byte) { e.encoding[key] = "gzip" },
		} {
			t.Run(key+" "+what, func(t *testing.T) {
				t.Parallel()

				e := newExport()
				mustBeGood(t, e)
				e.manifest, e.latest, e.checkpoint = nil, nil, nil
				change(e, e.objects[key])
				mustBeBad(t, e, key)
			})
		}
	}
}

func TestWhatTheManifestSaysOfItselfHasToBePossible(t *testing.T) {
	t.Parallel()

	for what, change := range map[string]func(e *export){
		"fewer pages than parts":      func(e *export) { e.manifest["pages"], e.checkpoint["position"].(object)["pages"] = 2, 2 },
		"an end before the beginning": func(e *export) { e.manifest["started_at"], e.checkpoint["started_at"] = later, later },
		"a total that is off":         func(e *export) { e.manifest["records"], e.checkpoint["position"].(object)["records"] = 10, 10 },
		"another export's documents":  func(e *export) { e.manifest["export_id"], e.checkpoint["export_id"] = "night-2", "night-2" },
		"another listing's documents": func(e *export) { e.manifest["listing"], e.checkpoint["listing"] = "queues", "queues" },
		"no list of parts": func(e *export) {
			e.parts, e.truth = nil, nil
			e.seal()
			e.manifest["parts"] = nil
		},
		"no environment":                 func(e *export) { e.manifest["environment"], e.checkpoint["environment"] = "", "" },
		"no generator":                   func(e *export) { e.manifest["generator"], e.checkpoint["generator"] = "", "" },
		"no query":                       func(e *export) { e.manifest["query"], e.checkpoint["query"] = nil, nil },
		"a drift that is none":           func(e *export) { e.manifest["drift"] = object{"total_first": 9, "total_last": 9, "records": 9} },
		"a drift of other records":       func(e *export) { e.manifest["drift"] = object{"total_first": 9, "total_last": 9, "records": 8} },
		"no surrogate that was replaced": func(e *export) { e.replaced(0) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()

			e := newExport()
			change(e)
			mustBeBad(t, e, manifest)
		})
	}
}

func TestLatestMayNameANewerExportThatIsThereAndNoOther(t *testing.T) {
	t.Parallel()

	for what, c := range map[string]struct {
		id, claimed, stored string // stored is when the manifest of that export says it was completed; "" where there is none
		good                bool
	}{
		"a newer one":                           {"night-2", later, later, true},
		"one of the same time":                  {"night-2", completed, completed, true},
		"an older one":                          {"night-0", earlier, earlier, false},
		"an older one made newer":               {"night-0", later, earlier, false},
		"a newer one that is not there":         {"night-2", later, "", false},
		"this one, completed at another time":   {"night-1", later, "", false},
		"something that is no export's id":      {"../night-2", later, "", false},
		"a newer one whose manifest is no more": {"night-2", later, "x", false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()

			e := newExport()
			e.latest = pointer(c.id, c.claimed)

			if c.stored != "" {
				other := with(with(e.manifest, "started_at", earlier), "completed_at", c.stored)
				e.objects[state+c.id+"/manifest.json"] = marshal(with(other, "export_id", c.id))
			}

			if c.good {
				mustBeGood(t, e)
			} else {
				mustBeBad(t, e)
			}
		})
	}
}

func TestWhatTheContractLeavesFreeIsNoProblem(t *testing.T) {
	t.Parallel()

	for what, change := range map[string]func(e *export){
		"an empty listing has a manifest without parts": func(e *export) {
			e.parts, e.truth = nil, []string{}
			e.seal()
		},
		"a history without anything new has no page": func(e *export) {
			e.parts, e.truth = nil, nil
			e.seal()
			e.manifest["pages"], e.checkpoint["position"].(object)["pages"] = 0, 0
		},
		"a part of several gzip members": func(e *export) {
			e.store(1, slices.Concat(pack(join(e.parts[1][:1])), pack(""), pack(join(e.parts[1][1:]))))
		},
		"white space outside strings": func(e *export) {
			e.parts[0][1] = "\t" + strings.ReplaceAll(entity(1), `,"`, ` , "`) + " \r"
			e.truth[4] = strings.Replace(entity(4), `":`, `":  `, 1)
			e.seal()
		},
		"entities without an id, or with another's": func(e *export) {
			e.parts[2] = []string{`{"name":"a"}`, `{"id":1}`, `{"id":1,"name":"a"}`}
			e.truth = append(e.truth[:6], e.parts[2]...)
			e.seal()
		},
		"an entity of 10 MB": func(e *export) {
			e.parts[1][1] = `{"name":"` + strings.Repeat("x", 10<<20) + `"}`
			e.truth[4] = e.parts[1][1]
			e.seal()
		},
		"fields in another order": func(e *export) {
			e.objects[manifest] = append(append([]byte(`{"generator": "export-users 1.0",`), marshal(without(e.manifest, "generator"))[1:]...), '\n')
			e.manifest = nil
		},
		"another export whose id begins like this one's": func(e *export) {
			e.objects["exports/users/export_id=night-10/part-000001-x.jsonl.gz"] = nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()

			e := newExport()
			change(e)
			mustBeGood(t, e)
		})
	}
}

func TestOtherListingsAndBucketsWithoutAPrefixAreCheckedTheSameWay(t *testing.T) {
	t.Parallel()

	e := newExport()
	e.listing = "queues"
	e.seal()
	mustBeBad(t, e, "is missing") // it lies among the users

	moved := map[string][]byte{}

	for key, body := range e.objects {
		body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("exports/"), nil), []byte("users/"), []byte("queues/"))
		moved[strings.ReplaceAll(strings.TrimPrefix(key, "exports/"), "users/", "queues/")] = body
	}

	e.objects, e.manifest, e.latest, e.checkpoint = moved, nil, nil, nil
	e.prefix = ""
	mustBeGood(t, e)
}
