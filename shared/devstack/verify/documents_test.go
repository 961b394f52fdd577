package verify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"genesys-cloud-export/shared/devstack/verify"
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

func TestEverySingleChangeOfADocumentIsFound(t *testing.T) {
	t.Parallel()
	base := newExport()
	base.truth = nil
	base.everywhere("replaced_surrogates", 1)
	base.manifest["drift"] = object{"total_first": 9, "total_last": 10, "records": 9}
	base.want(t, "")

	for key, fewest := range map[string]int{manifest: 150, latest: 20} {
		var document any
		if err := json.Unmarshal(base.objects[key], &document); err != nil {
			t.Fatal(err)
		}

		tried := 0

		for what, mutant := range mutants(document) {
			// Nobody but the API knows its totals.
			if what == "without drift" ||
				strings.HasPrefix(what, "drift total_") && (strings.HasSuffix(what, " greater") || strings.HasSuffix(what, " less")) {
				continue
			}

			tried++
			e := *base
			e.objects = maps.Clone(base.objects)
			e.objects[key] = bytes.ReplaceAll(marshal(mutant), []byte(twice), nil)

			if _, err := e.verify(t); !errors.Is(err, verify.ErrFailed) {
				t.Errorf("%s, %s: got %v, want %v", key, what, err, verify.ErrFailed)
			}
		}

		if tried < fewest {
			t.Errorf("%s: %d changes were tried, want at least %d", key, tried, fewest)
		}
	}
}

// Each field of the manifest that nothing else contradicts is compared with the checkpoint's: its changes are found above.
func TestTheCheckpointIsThatOfACompleteExport(t *testing.T) {
	t.Parallel()
	changes := make(map[string]change)
	for _, field := range []string{"done", "pages", "records", "replaced_surrogates"} {
		changes["position without "+field] = change{func(e *export) {
			e.everywhere("replaced_surrogates", 1)
			e.truth = nil
			delete(e.checkpoint["position"].(object), field)
		}, "or is not that of a complete export"}
	}

	for _, field := range []string{"export_id", "listing", "environment", "generator", "query", "started_at", "completed_at", "position"} {
		changes["without "+field] = change{func(e *export) { delete(e.checkpoint, field) }, "contradicts the manifest"}
		changes[field+" is a number"] = change{func(e *export) { e.checkpoint[field] = 1 }, checkpoint}
	}

	try(t, changes)
}

func TestADocumentThatIsMissingCutOrFollowedByMoreIsFound(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(objects map[string][]byte, key string){
		"missing": func(objects map[string][]byte, key string) { delete(objects, key) },
		"empty":   func(objects map[string][]byte, key string) { objects[key] = nil },
		"cut":     func(objects map[string][]byte, key string) { objects[key] = objects[key][:len(objects[key])-1] },
		"longer":  func(objects map[string][]byte, key string) { objects[key] = append(objects[key], "{}"...) },
	} {
		for _, key := range []string{manifest, latest, checkpoint} {
			try(t, map[string]change{key + " is " + what: {func(e *export) {
				e.put()
				spoil(e.objects, key)
			}, key}})
		}
	}
}

func TestWhatTheManifestSaysOfItselfHasToBePossible(t *testing.T) {
	t.Parallel()
	says := func(field string, value any) change {
		return change{func(e *export) { e.everywhere(field, value) }, manifest}
	}

	try(t, map[string]change{
		"fewer pages than parts":         says("pages", 2),
		"an end before the beginning":    says("started_at", later),
		"a total that is off":            says("records", 10),
		"another export's documents":     says("export_id", "night-2"),
		"another listing's documents":    says("listing", "queues"),
		"no environment":                 says("environment", ""),
		"no generator":                   says("generator", ""),
		"no query":                       says("query", nil),
		"no surrogate that was replaced": says("replaced_surrogates", 0),
		"a drift that is none":           says("drift", object{"total_first": 9, "total_last": 9, "records": 9}),
		"a drift of other records":       says("drift", object{"total_first": 9, "total_last": 9, "records": 8}),
		"no list of parts": {func(e *export) {
			e.parts, e.truth = nil, nil
			e.seal()
			e.manifest["parts"] = nil
		}, manifest},
	})
}

func TestLatestMayNameANewerExportThatIsThereAndNoOther(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		id, claimed, stored string // stored is when the manifest of that export says it was completed; "" where there is none
		says                string
	}{
		"a newer one":                           {"night-2", later, later, ""},
		"one of the same time":                  {"night-2", completed, completed, ""},
		"an older one":                          {"night-0", earlier, earlier, "was completed before this one"},
		"an older one made newer":               {"night-0", later, earlier, "contradicts the manifest"},
		"a newer one that is not there":         {"night-2", later, "", "is missing"},
		"this one, completed at another time":   {"night-1", later, "", "contradicts the manifest"},
		"something that is no export's id":      {"../night-2", later, "", "is missing"},
		"a newer one whose manifest is no more": {"night-2", later, "x", "cannot be read"},
	} {
		try(t, map[string]change{what: {func(e *export) {
			e.latest = pointer(c.id, c.claimed)

			if c.stored != "" {
				other := with(with(e.manifest, "started_at", earlier), "completed_at", c.stored)
				e.objects[state+c.id+"/manifest.json"] = marshal(with(other, "export_id", c.id))
			}
		}, c.says}})
	}
}

func TestWhatTheContractLeavesFreePasses(t *testing.T) {
	t.Parallel()
	try(t, map[string]change{
		"an empty listing has a manifest without parts": {make: func(e *export) {
			e.parts, e.truth = nil, []string{}
			e.seal()
		}},
		"a history without anything new has no page": {make: func(e *export) {
			e.parts, e.truth = nil, nil
			e.seal()
			e.everywhere("pages", 0)
		}},
		"a part of several gzip members": {make: func(e *export) {
			e.store(1, slices.Concat(pack(join(e.parts[1][:1])), pack(""), pack(join(e.parts[1][1:]))))
		}},
		"white space outside strings": {make: func(e *export) {
			e.parts[0][1] = "\t" + strings.ReplaceAll(entity(1), `,"`, ` , "`) + " \r"
			e.truth[4] = strings.Replace(entity(4), `":`, `":  `, 1)
			e.seal()
		}},
		"entities without an id, or with another's": {make: func(e *export) {
			e.parts[2] = []string{`{"name":"a"}`, `{"id":1}`, `{"id":1,"name":"a"}`}
			e.truth = append(e.truth[:6], e.parts[2]...)
			e.seal()
		}},
		"an entity of 10 MB": {make: func(e *export) {
			e.parts[1][1] = `{"name":"` + strings.Repeat("x", 10<<20) + `"}`
			e.truth[4] = e.parts[1][1]
			e.seal()
		}},
		"fields in another order": {make: func(e *export) {
			rest := marshal(without(e.manifest, "generator"))
			e.put()
			e.objects[manifest] = append(append([]byte(`{"generator": "export-users 1.0",`), rest[1:]...), '\n')
		}},
		"another export whose id begins like this one's": {make: func(e *export) {
			e.objects["exports/users/export_id=night-10/part-000001-x.jsonl.gz"] = nil
		}},
	})
}

func TestOtherListingsAndPrefixesAreCheckedTheSameWay(t *testing.T) {
	t.Parallel()
	config, moved := newExport().config(), fstest.MapFS{}
	for key, file := range config.Bucket.(fstest.MapFS) {
		body := bytes.ReplaceAll(bytes.ReplaceAll(file.Data, []byte("exports/"), []byte("mine/")), []byte("users"), []byte("queues"))
		moved[strings.NewReplacer("exports/", "mine/", "users/", "queues/").Replace(key)] = &fstest.MapFile{Data: body}
	}

	config.Listing = "queues"
	if _, err := verify.Export(t.Context(), config); !errors.Is(err, verify.ErrFailed) || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("among the users: got %v, want that it is missing", err)
	}

	config.Bucket, config.Prefix = moved, "mine"
	if _, err := verify.Export(t.Context(), config); err != nil {
		t.Errorf("got %v", err)
	}
}
