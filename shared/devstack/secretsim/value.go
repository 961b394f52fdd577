package secretsim

import (
	"slices"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

type createInput struct {
	content

	Name               string
	ClientRequestToken string
	Description        string
	KmsKeyID           string `json:"KmsKeyId"`
	Tags               []tag
}

// versionOutput answers all operations that write a value.
type versionOutput struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId,omitempty"`
	VersionStages []string `json:",omitempty"`
}

func (e *Endpoint) create(in createInput) (versionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := checkWrite(in.ClientRequestToken, in.content); err != nil {
		return versionOutput{}, err
	}
	if err := checkName(in.Name); err != nil {
		return versionOutput{}, err
	}
	e.expire()
	if there, exists := e.secrets[in.Name]; exists {
		return createAgain(there, in)
	}
	if err := e.checkKey(in.KmsKeyID); err != nil {
		return versionOutput{}, err
	}

	now := time.Now()
	s := &secret{
		name: in.Name, description: in.Description, keyID: in.KmsKeyID, tags: in.Tags, created: now, changed: now,
		arn: e.arn(in.Name),
	}
	out := versionOutput{ARN: s.arn, Name: s.name}
	if !in.empty() {
		v, err := s.put(in.ClientRequestToken, in.content, []string{stageCurrent})
		if err != nil {
			return versionOutput{}, err
		}
		out.VersionID = v.id
	}
	e.secrets[in.Name] = s

	return out, nil
}

// createAgain answers a create of a name that exists: a repeat of the first create succeeds, anything else is refused.
func createAgain(there *secret, in createInput) (versionOutput, error) {
	if !there.deletion.IsZero() {
		return versionOutput{}, invalidRequest(
			"You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	v := there.byID(in.ClientRequestToken)
	if v == nil || !v.content.equal(in.content) {
		return versionOutput{}, awsjson.Errorf("ResourceExistsException",
			"The operation failed because the secret %s already exists.", in.Name)
	}

	return versionOutput{ARN: there.arn, Name: there.name, VersionID: v.id}, nil
}

func checkWrite(token string, value content) error {
	if err := checkToken(token); err != nil {
		return err
	}

	return value.check()
}

type getValueInput struct {
	SecretID     string `json:"SecretId"`
	VersionID    string `json:"VersionId"`
	VersionStage string
}

type getValueOutput struct {
	ARN           string
	Name          string
	VersionID     string  `json:"VersionId"`
	SecretString  *string `json:",omitzero"`
	SecretBinary  []byte  `json:",omitempty"`
	VersionStages []string
	CreatedDate   awsjson.Timestamp
}

func (e *Endpoint) getValue(in getValueInput) (getValueOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	s, err := e.live(in.SecretID)
	if err != nil {
		return getValueOutput{}, err
	}
	v, err := s.choose(in.VersionID, in.VersionStage)
	if err != nil {
		return getValueOutput{}, err
	}
	if err := e.checkKey(s.keyID); err != nil {
		return getValueOutput{}, err
	}
	s.accessed = time.Now()

	return getValueOutput{
		ARN: s.arn, Name: s.name, VersionID: v.id, SecretString: v.content.SecretString,
		SecretBinary: v.content.SecretBinary, VersionStages: slices.Clone(v.stages), CreatedDate: awsjson.At(v.created),
	}, nil
}

// choose returns the version that id and stage name, together where both are given; the current one where neither is.
func (s *secret) choose(id, stage string) (*version, error) {
	if id == "" && stage == "" {
		stage = stageCurrent
	}

	if id == "" {
		v := s.byStage(stage)
		if v == nil {
			return nil, awsjson.Errorf("ResourceNotFoundException",
				"Secrets Manager can't find the specified secret value for staging label: %s", stage)
		}

		return v, nil
	}

	v := s.byID(id)
	if v == nil {
		return nil, awsjson.Errorf("ResourceNotFoundException",
			"Secrets Manager can't find the specified secret value for VersionId: %s", id)
	}
	if stage != "" && !slices.Contains(v.stages, stage) {
		return nil, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}

	return v, nil
}

type putValueInput struct {
	content

	SecretID           string `json:"SecretId"`
	ClientRequestToken string
	VersionStages      []string
}

func (e *Endpoint) putValue(in putValueInput) (versionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := checkWrite(in.ClientRequestToken, in.content); err != nil {
		return versionOutput{}, err
	}
	if in.empty() {
		return versionOutput{}, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	if len(in.VersionStages) > stagesPerVersion {
		return versionOutput{}, invalidParameter("A version may have %d staging labels.", stagesPerVersion)
	}
	s, err := e.live(in.SecretID)
	if err != nil {
		return versionOutput{}, err
	}
	if err := e.checkKey(s.keyID); err != nil {
		return versionOutput{}, err
	}

	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{stageCurrent}
	}
	v, err := s.put(in.ClientRequestToken, in.content, stages)
	if err != nil {
		return versionOutput{}, err
	}

	return versionOutput{ARN: s.arn, Name: s.name, VersionID: v.id, VersionStages: slices.Clone(v.stages)}, nil
}

type updateInput struct {
	content

	SecretID           string `json:"SecretId"`
	ClientRequestToken string
	Description        *string
	KmsKeyID           *string `json:"KmsKeyId"`
}

func (e *Endpoint) update(in updateInput) (versionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := checkWrite(in.ClientRequestToken, in.content); err != nil {
		return versionOutput{}, err
	}
	s, err := e.live(in.SecretID)
	if err != nil {
		return versionOutput{}, err
	}
	keyID := s.keyID
	if in.KmsKeyID != nil {
		keyID = *in.KmsKeyID
	}
	if err := e.checkKey(keyID); err != nil {
		return versionOutput{}, err
	}

	out := versionOutput{ARN: s.arn, Name: s.name}
	if !in.empty() {
		v, err := s.put(in.ClientRequestToken, in.content, []string{stageCurrent})
		if err != nil {
			return versionOutput{}, err
		}
		out.VersionID = v.id
	}
	s.keyID = keyID
	if in.Description != nil {
		s.description = *in.Description
	}
	s.changed = time.Now()

	return out, nil
}

type moveStageInput struct {
	SecretID            string `json:"SecretId"`
	VersionStage        string
	MoveToVersionID     string `json:"MoveToVersionId"`
	RemoveFromVersionID string `json:"RemoveFromVersionId"`
}

// moveStage moves a label between versions. Whoever moves one says where it is now, so that nobody moves it unseen.
func (e *Endpoint) moveStage(in moveStageInput) (versionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	s, err := e.live(in.SecretID)
	if err != nil {
		return versionOutput{}, err
	}
	if in.VersionStage == "" {
		return versionOutput{}, validation("1 validation error detected: Value null at 'versionStage' failed to " +
			"satisfy constraint: Member must not be null")
	}
	if err := s.checkMove(in); err != nil {
		return versionOutput{}, err
	}

	if in.MoveToVersionID == "" {
		s.byID(in.RemoveFromVersionID).unstage(in.VersionStage)
	} else {
		s.stage(s.byID(in.MoveToVersionID), in.VersionStage)
	}
	s.changed = time.Now()

	return versionOutput{ARN: s.arn, Name: s.name}, nil
}

func (s *secret) checkMove(in moveStageInput) error {
	for _, id := range []string{in.MoveToVersionID, in.RemoveFromVersionID} {
		if id != "" && s.byID(id) == nil {
			return awsjson.Errorf("ResourceNotFoundException",
				"Secrets Manager can't find the specified secret version: %s", id)
		}
	}

	holder := s.byStage(in.VersionStage)
	switch {
	case in.MoveToVersionID == "" && in.RemoveFromVersionID == "":
		return invalidParameter("You must specify MoveToVersionId, RemoveFromVersionId, or both.")
	case in.RemoveFromVersionID == "" && holder != nil && holder.id != in.MoveToVersionID:
		return invalidParameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently "+
			"attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.",
			in.VersionStage, holder.id)
	case in.RemoveFromVersionID != "" && (holder == nil || holder.id != in.RemoveFromVersionID):
		return invalidParameter("The staging label %s isn't attached to version %s.",
			in.VersionStage, in.RemoveFromVersionID)
	case in.MoveToVersionID == "" && in.VersionStage == stageCurrent:
		return invalidParameter("You can only move staging label %s to a different secret version. "+
			"It can't be completely removed.", stageCurrent)
	}

	return nil
}
