package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheReadmeListsThePermissionsThatTheTemplateGrants(t *testing.T) {
	t.Parallel()

	_, printed, _ := start(t, "", nil, "permissions", "-template", filepath.Join("..", "..", "template.yaml")).ended(t)

	readme, err := os.ReadFile(filepath.Join("..", "..", "functions", "README.md"))
	if err != nil {
		t.Fatal(err)
	}

	_, rest, begun := strings.Cut(string(readme), "<!-- permissions -->\n")
	table, _, ended := strings.Cut(rest, "<!-- /permissions -->\n")

	if !begun || !ended {
		t.Fatal("the README has no table between <!-- permissions --> and <!-- /permissions -->")
	}

	if diff := cmp.Diff(strings.Split(printed, "\n"), strings.Split(table, "\n")); diff != "" {
		t.Errorf("put what devstack permissions prints into the README (-printed +README):\n%s", diff)
	}
}

func TestPermissionsShowEveryKindOfStatement(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "template.yaml")
	content := `
Parameters:
  GenesysEnvironment: {Type: String}
  KmsKeyArn: {Type: String, Default: ""}
  SubnetIds: {Type: String, Default: ""}
  SecurityGroupIds: {Type: String, Default: ""}
  ExportScheduleExpression: {Type: String, Default: ""}
Conditions:
  HasKey: !Not [!Equals [!Ref KmsKeyArn, ""]]
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - {Sid: Most, Effect: Allow, Action: ["iam:*", "sts:*"], Resource: "arn:aws:s3:::secret"}
              - !If
                - HasKey
                - {Effect: Deny, Action: "kms:Decrypt", Resource: !Ref KmsKeyArn, Condition: {StringLike: {"kms:ViaService": [s3.*, ssm.*]}}}
                - !Ref AWS::NoValue
`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}

	_, printed, _ := start(t, "", nil, "permissions", "-template", file).ended(t)

	want := []string{
		"| role | statement | actions | resource | condition |",
		"|---|---|---|---|---|",
		"| Reader | Most | `iam:*`, `sts:*` | `arn:aws:s3:::secret` |  |",
		"| Reader | read[1], with `KmsKeyArn` | **never** `kms:Decrypt` | `KmsKeyArn` | `kms:ViaService` StringLike `s3.*` or `ssm.*` |",
		"",
	}
	if diff := cmp.Diff(want, strings.Split(printed, "\n")); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
}
