package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/settings"
)

// listingTimeout bounds a request to the organisation.
const listingTimeout = 20 * time.Second

// listings asks for each listing that the schedule exports, users where there is none, with the stored token, from where this
// runs: the functions may have another way.
func (e *examination) listings(ctx context.Context, _ string) (string, error) {
	if e.tokens == nil {
		return "", unseen("not looked at: needs a token")
	}

	configured := settings.Common{GenesysEnvironment: e.stack.parameters[parameterEnvironment], GenesysAPIURL: e.stack.parameters[parameterAPI]}

	if problems := configured.Validate(); len(problems) > 0 {
		return "", fmt.Errorf("the stack's parameters do not say where the API is (%s): deploy with %s or %s",
			strings.Join(problems, "; "), parameterEnvironment, parameterAPI)
	}

	base := configured.API()
	client := genesys.Client{Base: base, HTTP: genesys.NewHTTPClient(), Attempt: listingTimeout, Logger: slog.New(slog.DiscardHandler), Tokens: e.tokens}
	names := strings.Split(cmp.Or(e.stack.parameters[parameterListings], "users"), ",")

	var answered, failures []string

	for _, listing := range slices.Concat([]genesys.Definition{genesys.Users(http.MethodGet)}, genesys.Directory(), genesys.Histories()) {
		if !slices.Contains(names, listing.Name) && names[0] != "all" {
			continue
		}

		text, err := ask(ctx, client, listing)
		if _, hidden := errors.AsType[unseen](err); hidden {
			return "", err // as for every other
		}

		if err != nil {
			failures = append(failures, "\n"+indent+listing.Name+": "+err.Error())
		} else {
			answered = append(answered, listing.Name+text)
		}
	}

	if len(answered)+len(failures) < len(names) {
		failures = append(failures, fmt.Sprintf("\n%snothing exports one of %s: correct %s", indent, strings.Join(names, ","), parameterListings))
	}

	if len(failures) > 0 {
		return "", fmt.Errorf("%s answers for %d listings, and not for:%s", base.Host, len(answered), strings.Join(failures, ""))
	}

	return fmt.Sprintf("%s answers for %s", base.Host, strings.Join(answered, ", ")), nil
}

// ask reads one entity of a listing, and of a history up to when there are data: a job would be an export.
func ask(ctx context.Context, client genesys.Client, listing genesys.Definition) (string, error) {
	if listing.Job != nil && listing.Job.Available == "" {
		return " (not asked for: a job alone would show it)", nil
	}

	var options export.Options
	if listing.Job != nil {
		options = export.Options{"since_last": json.RawMessage("true")}
	}

	pages, err := genesys.NewListing(listing, client).Ask(max(1, listing.LeastPage), options)
	if err != nil {
		return "", err
	}

	var page export.Page

	fetch := func() error {
		reply, err := pages.Fetch(ctx, "", &page)
		if err == nil {
			err = reply.Split(ctx)
		}

		return err
	}
	if jobs, is := pages.(export.Jobs); is {
		fetch = func() error { return jobs.Resolve(ctx, time.Unix(0, 0)) }
	}

	err = fetch()
	if _, passing := errors.AsType[*retry.TransientError](err); passing && failure.Is(err, failure.TokenUnavailable) {
		err = fetch() // with the token that replaces the rejected one
	}

	const where = "; the functions may reach it all the same, from a VPC above all"

	refused, _ := errors.AsType[*failure.Error](err)

	switch {
	case err == nil && page.Records == 0 && listing.Name == "users":
		return "", fmt.Errorf("not one is shown: give the OAuth client's role the permission %s in all divisions", listing.Permission)
	case err == nil:
		return "", nil
	case refused == nil:
		return "", fmt.Errorf("%s could not be asked", client.Base.Host)
	case refused.Kind == failure.UpstreamUnavailable && refused.Cause != nil:
		return "", unseen("not reachable from here: " + refused.Message + where)
	case strings.Contains(refused.Message, "ip.not.authorized"):
		return "", unseen("not allowed from here: this machine's address is not on the organisation's allow list" + where)
	default:
		return "", refused
	}
}
