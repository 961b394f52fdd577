// The vendor's SDK calls for each listing of the simulated organisation, users aside.

const page = { pageSize: 200 };

/** Listings that lead from page to page by a next link. */
export const directory = {
  queues: { api: 'RoutingApi', method: 'getRoutingQueues', page },
  groups: { api: 'GroupsApi', method: 'getGroups', page },
  teams: { api: 'TeamsApi', method: 'getTeams', page: { pageSize: 20 } },
  skills: { api: 'RoutingApi', method: 'getRoutingSkills', page },
  'skill-groups': { api: 'RoutingApi', method: 'getRoutingSkillgroups', page: {} },
  languages: { api: 'RoutingApi', method: 'getRoutingLanguages', page },
  'wrapup-codes': { api: 'RoutingApi', method: 'getRoutingWrapupcodes', page },
  divisions: { api: 'AuthorizationApi', method: 'getAuthorizationDivisions', page },
  roles: { api: 'AuthorizationApi', method: 'getAuthorizationRoles', page },
  locations: { api: 'LocationsApi', method: 'getLocations', page },
  stations: { api: 'StationsApi', method: 'getStations', page },
  flows: { api: 'ArchitectApi', method: 'getFlows', page },
  campaigns: { api: 'OutboundApi', method: 'getOutboundCampaigns', page },
  'contact-lists': { api: 'OutboundApi', method: 'getOutboundContactlists', page },
  'presence-definitions': { api: 'PresenceApi', method: 'getPresenceDefinitions0', page: {} },
  'external-contacts': { api: 'ExternalContactsApi', method: 'getExternalcontactsScanContacts', page: { limit: 200 } },
};

const details = (api, name, array) => ({
  api, array,
  availability: `getAnalytics${name}DetailsJobsAvailability`,
  submit: `postAnalytics${name}DetailsJobs`,
  poll: `getAnalytics${name}DetailsJob`,
  results: `getAnalytics${name}DetailsJobResults`,
  remove: `deleteAnalytics${name}DetailsJob`,
});

/** Histories of an interval, by job. */
export const histories = {
  conversations: details('ConversationsApi', 'Conversations', 'conversations'),
  'user-status': details('UsersApi', 'Users', 'userDetails'),
  audits: {
    api: 'AuditApi', array: 'entities', submit: 'postAuditsQuery', poll: 'getAuditsQueryTransactionId', results: 'getAuditsQueryTransactionIdResults',
  },
};
