package template

import "maps"

// globalTypes are the types whose resources a part of Globals is for.
func globalTypes() map[string]string {
	return map[string]string{
		"Api":          "AWS::Serverless::Api",
		"Function":     "AWS::Serverless::Function",
		"HttpApi":      "AWS::Serverless::HttpApi",
		"LayerVersion": "AWS::Serverless::LayerVersion",
		"SimpleTable":  "AWS::Serverless::SimpleTable",
		"StateMachine": "AWS::Serverless::StateMachine",
	}
}

// mergeGlobals returns the resources with Globals merged into their properties. The template itself stays as it is.
func (t *Template) mergeGlobals() map[string]map[string]any {
	shared := map[string]any{}

	for name, kind := range globalTypes() {
		if properties, there := t.section("Globals")[name]; there {
			shared[kind] = properties
		}
	}

	resources := map[string]map[string]any{}

	for id, content := range t.section("Resources") {
		declaration, _ := content.(map[string]any)
		kind, _ := declaration["Type"].(string)

		if properties, there := shared[kind]; there {
			own, has := declaration["Properties"]
			if !has {
				own = map[string]any{}
			}

			declaration = maps.Clone(declaration)
			declaration["Properties"] = merge(properties, own)
		}

		resources[id] = declaration
	}

	return resources
}

// merge is SAM's: maps are merged deep, lists are joined with the shared one first, and of anything else, functions
// included, the resource's own stands.
func merge(shared, own any) any {
	if ownList, is := own.([]any); is {
		sharedList, both := shared.([]any)
		if !both {
			return own
		}

		return append(append(make([]any, 0, len(sharedList)+len(ownList)), sharedList...), ownList...)
	}

	sharedMap, isShared := shared.(map[string]any)
	ownMap, isOwn := own.(map[string]any)

	if !isShared || !isOwn || isFunction(sharedMap) || isFunction(ownMap) {
		return own
	}

	merged := maps.Clone(sharedMap)

	for key, content := range ownMap {
		if before, both := merged[key]; both {
			content = merge(before, content)
		}

		merged[key] = content
	}

	return merged
}

func isFunction(content map[string]any) bool {
	_, _, is := intrinsic(content)

	return is
}
