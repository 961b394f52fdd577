package secretsim

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

type idInput struct {
	SecretID string `json:"SecretId"`
}

// description is a secret without its values, as DescribeSecret and ListSecrets show it: they name the member of the
// versions' labels differently.
type description struct {
	ARN                    string
	Name                   string
	Description            string              `json:",omitempty"`
	KmsKeyID               string              `json:"KmsKeyId,omitempty"`
	CreatedDate            awsjson.Timestamp   `json:",omitzero"`
	LastChangedDate        awsjson.Timestamp   `json:",omitzero"`
	LastAccessedDate       awsjson.Timestamp   `json:",omitzero"`
	DeletedDate            awsjson.Timestamp   `json:",omitzero"`
	Tags                   []tag               `json:",omitempty"`
	VersionIDsToStages     map[string][]string `json:"VersionIdsToStages,omitempty"`
	SecretVersionsToStages map[string][]string `json:",omitempty"`
}

func (s *secret) describe() description {
	const day = 24 * time.Hour

	return description{
		ARN: s.arn, Name: s.name, Description: s.description, KmsKeyID: s.keyID, Tags: s.tags,
		CreatedDate: awsjson.At(s.created), LastChangedDate: awsjson.At(s.changed),
		LastAccessedDate: awsjson.At(s.accessed.Truncate(day)), DeletedDate: awsjson.At(s.deleted),
	}
}

// stages returns the labels of the versions that have any.
func (s *secret) stages() map[string][]string {
	stages := make(map[string][]string)
	for _, v := range s.versions {
		if len(v.stages) > 0 {
			stages[v.id] = slices.Clone(v.stages)
		}
	}

	return stages
}

func (e *Endpoint) describe(in idInput) (description, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	s, err := e.find(in.SecretID)
	if err != nil {
		return description{}, err
	}
	d := s.describe()
	d.VersionIDsToStages = s.stages()

	return d, nil
}

type listInput struct {
	Filters                []filter
	IncludePlannedDeletion bool
	MaxResults             *int
	NextToken              string
	SortOrder              string
}

// filter is one condition of a listing: the beginning of a name, or, behind an exclamation mark, of what it is not.
type filter struct {
	Key    string
	Values []string
}

type listOutput struct {
	SecretList []description
	NextToken  string `json:",omitempty"`
}

// largestPage bounds the pages of listings; AWS's limit.
const largestPage = 100

func (e *Endpoint) list(in listInput) (listOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	for _, f := range in.Filters {
		if f.Key != "name" && f.Key != "all" {
			return listOutput{}, invalidParameter("The filter key %s is not known to this local service.", f.Key)
		}
	}

	e.expire()
	all := slices.SortedFunc(maps.Values(e.secrets), func(a, b *secret) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.name, b.name))
	})
	if in.SortOrder != "asc" {
		slices.Reverse(all)
	}
	all = slices.DeleteFunc(all, func(s *secret) bool {
		return !s.deletion.IsZero() && !in.IncludePlannedDeletion || !s.matches(in.Filters)
	})
	page, next, err := paged(all, in.NextToken, in.MaxResults)
	if err != nil {
		return listOutput{}, err
	}

	out := listOutput{SecretList: []description{}, NextToken: next}
	for _, s := range page {
		d := s.describe()
		d.SecretVersionsToStages = s.stages()
		out.SecretList = append(out.SecretList, d)
	}

	return out, nil
}

func (s *secret) matches(filters []filter) bool {
	for _, f := range filters {
		accepted := slices.ContainsFunc(f.Values, func(value string) bool {
			unwanted, negated := strings.CutPrefix(value, "!")
			if negated {
				return !strings.HasPrefix(s.name, unwanted)
			}

			return strings.HasPrefix(s.name, value)
		})
		if !accepted {
			return false
		}
	}

	return true
}

func paged[T any](all []T, token string, asked *int) ([]T, string, error) {
	size := largestPage
	if asked != nil {
		size = *asked
	}
	if size < 1 || size > largestPage {
		return nil, "", validation("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy "+
			"constraint: Member must be between 1 and %d", size, largestPage)
	}
	page, next, err := awsjson.Page(all, token, size)
	if err != nil {
		return nil, "", awsjson.Errorf("InvalidNextTokenException", "The NextToken value is invalid.")
	}

	return page, next, nil
}

type listVersionsInput struct {
	SecretID          string `json:"SecretId"`
	IncludeDeprecated bool
	MaxResults        *int
	NextToken         string
}

type versionEntry struct {
	VersionID     string   `json:"VersionId"`
	VersionStages []string `json:",omitempty"`
	CreatedDate   awsjson.Timestamp
}

type listVersionsOutput struct {
	ARN       string
	Name      string
	Versions  []versionEntry
	NextToken string `json:",omitempty"`
}

func (e *Endpoint) listVersions(in listVersionsInput) (listVersionsOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	s, err := e.find(in.SecretID)
	if err != nil {
		return listVersionsOutput{}, err
	}
	shown := slices.DeleteFunc(slices.Clone(s.versions), func(v *version) bool {
		return len(v.stages) == 0 && !in.IncludeDeprecated
	})
	page, next, err := paged(shown, in.NextToken, in.MaxResults)
	if err != nil {
		return listVersionsOutput{}, err
	}

	out := listVersionsOutput{ARN: s.arn, Name: s.name, Versions: []versionEntry{}, NextToken: next}
	for _, v := range page {
		out.Versions = append(out.Versions,
			versionEntry{VersionID: v.id, VersionStages: slices.Clone(v.stages), CreatedDate: awsjson.At(v.created)})
	}

	return out, nil
}

type removeInput struct {
	SecretID                   string `json:"SecretId"`
	RecoveryWindowInDays       *int
	ForceDeleteWithoutRecovery bool
}

type removeOutput struct {
	ARN          string
	Name         string
	DeletionDate awsjson.Timestamp `json:",omitzero"`
}

func (e *Endpoint) remove(in removeInput) (removeOutput, error) {
	const shortest, longest = 7, 30
	days := longest
	if in.RecoveryWindowInDays != nil {
		if in.ForceDeleteWithoutRecovery {
			return removeOutput{}, invalidParameter(
				"You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
		}
		days = *in.RecoveryWindowInDays
	}
	if days < shortest || days > longest {
		return removeOutput{}, invalidParameter(
			"The RecoveryWindowInDays value must be between %d and %d days (inclusive).", shortest, longest)
	}

	e.mu.Lock()
	defer e.mu.Unlock()

	if in.ForceDeleteWithoutRecovery {
		return e.removeNow(in.SecretID)
	}
	s, err := e.live(in.SecretID)
	if err != nil {
		return removeOutput{}, err
	}
	s.deleted = time.Now()
	s.deletion = s.deleted.AddDate(0, 0, days)

	return removeOutput{ARN: s.arn, Name: s.name, DeletionDate: awsjson.At(s.deletion)}, nil
}

// removeNow removes a secret without recovery. One that is not there is removed already, as AWS has it.
func (e *Endpoint) removeNow(id string) (removeOutput, error) {
	s, err := e.find(id)
	if refusal, ok := errors.AsType[*awsjson.Error](err); ok && refusal.Code == "ResourceNotFoundException" {
		return removeOutput{ARN: e.arn(id), Name: id, DeletionDate: awsjson.At(time.Now())}, nil
	}
	if err != nil {
		return removeOutput{}, err
	}
	delete(e.secrets, s.name)

	return removeOutput{ARN: s.arn, Name: s.name, DeletionDate: awsjson.At(time.Now())}, nil
}

func (e *Endpoint) restore(in idInput) (removeOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	s, err := e.find(in.SecretID)
	if err != nil {
		return removeOutput{}, err
	}
	s.deleted, s.deletion = time.Time{}, time.Time{}

	return removeOutput{ARN: s.arn, Name: s.name}, nil
}
