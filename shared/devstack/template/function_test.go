package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// world has a parameter, a condition and a resource of every kind that functions are tried on; a function under test
// is put in where the property Tried stands.
const world = `
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Word: {Type: String, Default: hello}
  Count: {Type: Number, Default: 3}
  Many: {Type: CommaDelimitedList, Default: "a, b,c"}
  None: {Type: CommaDelimitedList, Default: ""}
Mappings:
  Sizes:
    arm64: {memory: 128, names: [x, y]}
Conditions:
  Holds: !Equals [!Ref Word, hello]
  Fails: !Not [!Condition Holds]
Resources:
  Function: {Type: AWS::Serverless::Function}
  Named: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Sub "${AWS::StackName}-${Word}"}}
  Bucket: {Type: AWS::S3::Bucket}
  Gone: {Type: AWS::S3::Bucket, Condition: Fails}
  Other: {Type: AWS::EC2::VPC}
  Subject:
    Type: AWS::EC2::Instance
    Properties:
      Tried: TRIED
`

// try evaluates a function in the world.
func try(t *testing.T, function string) (any, error) {
	t.Helper()

	source, err := template.Parse("world.yaml", []byte(strings.Replace(world, "TRIED", function, 1)))
	if err != nil {
		return nil, err
	}

	stack, err := source.Evaluate(template.Deployment{StackName: "stack"})
	if err != nil {
		return nil, err
	}

	return stack.Resources["Subject"].Properties["Tried"], nil
}

func TestAFunctionIsWhatCloudFormationMakesOfIt(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		function string
		want     any
	}{
		"plain text":                     {`text`, "text"},
		"a whole number":                 {`5`, 5},
		"another number":                 {`0.5`, 0.5},
		"a number in quotes":             {`"5"`, "5"},
		"true":                           {`true`, true},
		"YAML 1.1's word for false":      {`off`, false},
		"that word in quotes":            {`"OFF"`, "OFF"},
		"a date":                         {`2010-09-09`, "2010-09-09"},
		"an octal number":                {`0o17`, 15},
		"Ref to a parameter":             {`!Ref Word`, "hello"},
		"Ref to a number is text":        {`!Ref Count`, "3"},
		"Ref to a list":                  {`!Ref Many`, []any{"a", "b", "c"}},
		"Ref to an empty list":           {`!Ref None`, []any{}},
		"Ref in the long form":           {`{Ref: Word}`, "hello"},
		"the region":                     {`!Ref AWS::Region`, "eu-central-1"},
		"the account":                    {`!Ref AWS::AccountId`, "000000000000"},
		"the partition":                  {`!Ref AWS::Partition`, "aws"},
		"the stack's name":               {`!Ref AWS::StackName`, "stack"},
		"the domain of endpoints":        {`!Ref AWS::URLSuffix`, "amazonaws.com"},
		"the stack's id":                 {`!Ref AWS::StackId`, "arn:aws:cloudformation:eu-central-1:000000000000:stack/stack/00000000-0000-0000-0000-000000000000"},
		"no notifications":               {`!Ref AWS::NotificationARNs`, []any{}},
		"no value":                       {`!Ref AWS::NoValue`, nil},
		"no value in a list":             {`[a, !Ref AWS::NoValue, b]`, []any{"a", "b"}},
		"no value in a map":              {`{a: 1, b: !Ref AWS::NoValue}`, map[string]any{"a": 1}},
		"Ref as a key beside another":    {`{Ref: Word, b: 1}`, map[string]any{"Ref": "Word", "b": 1}},
		"a condition of a policy":        {`{Condition: {StringEquals: {a: !Ref Word}}}`, map[string]any{"Condition": map[string]any{"StringEquals": map[string]any{"a": "hello"}}}},
		"Ref to a resource":              {`!Ref Function`, "stack-Function"},
		"Ref to a resource with a name":  {`!Ref Named`, "stack-hello"},
		"Ref to a role that SAM adds":    {`!Ref FunctionRole`, "stack-FunctionRole"},
		"GetAtt with a dot":              {`!GetAtt Bucket.Arn`, "arn:aws:s3:::stack-bucket"},
		"GetAtt with a list":             {`!GetAtt [Bucket, Arn]`, "arn:aws:s3:::stack-bucket"},
		"GetAtt in the long form":        {`{"Fn::GetAtt": Named.Arn}`, "arn:aws:lambda:eu-central-1:000000000000:function:stack-hello"},
		"GetAtt of a role that SAM adds": {`!GetAtt FunctionRole.Arn`, "arn:aws:iam::000000000000:role/stack-FunctionRole"},
		"Sub":                            {`!Sub "${Word} ${Count} ${AWS::Region} ${Bucket} ${Bucket.Arn} ${!Kept} $ {}"`, "hello 3 eu-central-1 stack-bucket arn:aws:s3:::stack-bucket ${Kept} $ {}"},
		"Sub with variables":             {`!Sub ["${Word}-${Own}", {Own: !Join ["+", !Ref Many], Word: mine}]`, "mine-a+b+c"},
		"Sub of true":                    {`!Sub ["${On}", {On: true}]`, "true"},
		"If that holds":                  {`!If [Holds, 1, !Ref Gone]`, 1},
		"If that does not":               {`!If [Fails, !GetAtt Gone.Arn, [2]]`, []any{2}},
		"If that leaves nothing":         {`{a: !If [Fails, 1, !Ref AWS::NoValue]}`, map[string]any{}},
		"If within If":                   {`!If [Holds, !If [Fails, 1, 2], 3]`, 2},
		"Join":                           {`!Join ["-", [a, 1, true, !Ref Word, !If [Fails, x, !Ref AWS::NoValue]]]`, "a-1-true-hello"},
		"Join of a parameter":            {`!Join ["", !Ref Many]`, "abc"},
		"Join of nothing":                {`!Join [",", !Ref None]`, ""},
		"Select":                         {`!Select [1, [a, !Ref Word]]`, "hello"},
		"Select by text":                 {`!Select ["2", !Ref Many]`, "c"},
		"Split":                          {`!Split ["l", !Ref Word]`, []any{"he", "", "o"}},
		"Select of Split":                {`!Select [5, !Split [":", !GetAtt Bucket.Arn]]`, "stack-bucket"},
		"FindInMap":                      {`!FindInMap [Sizes, arm64, memory]`, 128},
		"FindInMap of a list":            {`!FindInMap [Sizes, !Sub ["arm${X}", {X: 64}], names]`, []any{"x", "y"}},
		"Base64":                         {`!Base64 hello`, "aGVsbG8="},
		"Length":                         {`!Length [a, b]`, 2},
		"ToJsonString":                   {`!ToJsonString {a: [!Ref Word, 1]}`, `{"a":["hello",1]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := try(t, test.function)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.function, diff)
			}
		})
	}
}

func TestAFunctionThatIsWrongIsAProblemWithItsPlace(t *testing.T) {
	t.Parallel()

	const unknown = "which the template does not have"

	for name, test := range map[string]struct{ function, want string }{
		"Ref to nothing":                  {`!Ref Nothing`, "Ref names Nothing, " + unknown},
		"Ref to no pseudo parameter":      {`!Ref AWS::Planet`, "Ref names AWS::Planet, " + unknown},
		"Ref to a list":                   {`!Ref [Word]`, "Ref takes a name"},
		"Ref to what is not there":        {`!Ref Gone`, "Ref names Gone, whose condition does not hold in this deployment"},
		"GetAtt of nothing":               {`!GetAtt Nothing.Arn`, "Fn::GetAtt names Nothing, " + unknown},
		"GetAtt of a parameter":           {`!GetAtt Word.Arn`, "Fn::GetAtt names Word, " + unknown},
		"GetAtt of what is not there":     {`!GetAtt Gone.Arn`, "Fn::GetAtt names Gone, whose condition does not hold in this deployment"},
		"GetAtt without an attribute":     {`!GetAtt Bucket`, "Fn::GetAtt takes a logical id and an attribute"},
		"GetAtt of a computed id":         {`!GetAtt [!Ref Word, Arn]`, "Fn::GetAtt takes a logical id first"},
		"GetAtt of an unknown attribute":  {`!GetAtt Bucket.Colour`, `asks for Bucket.Colour, and this attribute is not known of the type "AWS::S3::Bucket"`},
		"GetAtt of an unknown type":       {`!GetAtt Other.VpcId`, `asks for Other.VpcId, and this attribute is not known of the type "AWS::EC2::VPC"`},
		"Sub of nothing":                  {`!Sub "${Nothing}"`, "Fn::Sub names Nothing, " + unknown},
		"Sub of nothing's attribute":      {`!Sub "${Nothing.Arn}"`, "Fn::Sub names Nothing, " + unknown},
		"Sub of what is not there":        {`!Sub "${Gone.Arn}"`, "Fn::Sub names Gone, whose condition does not hold in this deployment"},
		"Sub of a list":                   {`!Sub "${Many}"`, "Fn::Sub has ${Many}, which is no text"},
		"Sub of no value":                 {`!Sub "${AWS::NoValue}"`, "Fn::Sub has ${AWS::NoValue}, which is no text"},
		"Sub with a blank":                {`!Sub "${ Word }"`, "Fn::Sub has ${ Word }, and names are of letters, digits, and . : _"},
		"Sub without an end":              {`!Sub "${Word"`, "Fn::Sub has ${ without }"},
		"Sub of three":                    {`!Sub [a, {}, b]`, "Fn::Sub takes a text, or a list of a text and a map"},
		"If of nothing":                   {`!If [Maybe, 1, 2]`, "names the condition Maybe, " + unknown},
		"If of two":                       {`!If [Holds, 1]`, "Fn::If takes a list of 3"},
		"If of a function":                {`!If [!Equals [a, a], 1, 2]`, "Fn::If takes the name of a condition first"},
		"nothing in the branch not taken": {`!If [Holds, 1, !Ref Nothing]`, "Ref names Nothing, " + unknown},
		"Join of text":                    {`!Join ["", !Ref Word]`, "Fn::Join takes a list here, and this is none"},
		"Join of lists":                   {`!Join ["", [[a]]]`, "Fn::Join takes a list of texts, and this has something else in it"},
		"Join by a function":              {`!Join [!Ref Word, [a]]`, "Fn::Join takes a delimiter, as plain text, first"},
		"Join of one":                     {`!Join [""]`, "Fn::Join takes a list of 2"},
		"Select past the end":             {`!Select [3, !Ref Many]`, "Fn::Select asks for element 3 of a list of 3"},
		"Select from nothing":             {`!Select [0, !Ref None]`, "Fn::Select asks for element 0 of a list of 0"},
		"Select by a word":                {`!Select [!Ref Word, !Ref Many]`, "Fn::Select asks for element hello of a list of 3"},
		"Split of a list":                 {`!Split [",", !Ref Many]`, "Fn::Split takes text here, and this is none"},
		"Split by nothing":                {`!Split ["", !Ref Word]`, "Fn::Split takes a delimiter, as plain text, first"},
		"FindInMap of nothing":            {`!FindInMap [Sizes, arm64, colour]`, "Fn::FindInMap asks for Mappings.Sizes.arm64.colour, which is no value of the template's"},
		"FindInMap of no map":             {`!FindInMap [Nothing, arm64, memory]`, "Fn::FindInMap asks for Mappings.Nothing.arm64.memory, which is no value of the template's"},
		"Base64 of a list":                {`!Base64 [a]`, "Fn::Base64 takes text here, and this is none"},
		"a function that is not known":    {`!Cidr [a, b]`, "Fn::Cidr is no function that is evaluated here"},
		"an import":                       {`{"Fn::ImportValue": a}`, "Fn::ImportValue is no function that is evaluated here"},
		"Equals out of its place":         {`!Equals [a, b]`, "Fn::Equals may be used in conditions and rules alone"},
		"a function beside another key":   {`{"Fn::Sub": a, b: c}`, "Fn::Sub stands beside something else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := try(t, test.function)
			want := "evaluate world.yaml for the stack stack: Resources.Subject.Properties.Tried: " + test.want

			if err == nil || err.Error() != want {
				t.Errorf("%s is %v, and the error\n%v, want\n%s", test.function, got, err, want)
			}
		})
	}
}

func TestTheExtensionsOfTheLanguageNeedTheirTransform(t *testing.T) {
	t.Parallel()

	for _, function := range []string{"Length", "ToJsonString"} {
		err := evaluationError(t, "Resources: {A: {Type: T, Properties: {P: !"+function+" [a]}}}", template.Deployment{})

		want := "Resources.A.Properties.P: Fn::" + function + " needs the transform AWS::LanguageExtensions"
		if !strings.HasSuffix(err, want) {
			t.Errorf("the error is %q, want it to end with %q", err, want)
		}
	}
}
