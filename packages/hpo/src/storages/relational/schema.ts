// Optuna's tables (schema 12, revision v3.2.0.a), made from one description for every engine.

export const SCHEMA_VERSION = 12;
export const REVISION = 'v3.2.0.a';
export const LIBRARY_VERSION = '@spatter/hpo 0.1.0';

/** How an engine spells the types. */
export interface ColumnTypes {
  /** An integer primary key that numbers itself. */
  readonly id: string;
  readonly float: string;
  readonly datetime: string;
  /** A column that holds one of an enumeration's names. */
  readonly oneOf: (enumeration: keyof typeof ENUMERATIONS) => string;
}

/** Enumerations under the names that Optuna gives them in PostgreSQL. */
export const ENUMERATIONS = {
  studydirection: ['NOT_SET', 'MINIMIZE', 'MAXIMIZE'],
  trialstate: ['RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'],
  trialvaluetype: ['FINITE', 'INF_POS', 'INF_NEG'],
  trialintermediatevaluetype: ['FINITE', 'INF_POS', 'INF_NEG', 'NAN'],
} as const;

/** Statements that create every table and index that is missing. */
export function createStatements(types: ColumnTypes): string[] {
  return [
    ...Object.entries(tables(types)).map(([name, lines]) => `CREATE TABLE IF NOT EXISTS ${name} (${lines})`),
    ...INDICES,
  ];
}

const OF_STUDY = 'FOREIGN KEY(study_id) REFERENCES studies (study_id)';
const OF_TRIAL = 'FOREIGN KEY(trial_id) REFERENCES trials (trial_id)';
const INDICES = [
  'CREATE UNIQUE INDEX IF NOT EXISTS ix_studies_study_name ON studies (study_name)',
  'CREATE INDEX IF NOT EXISTS ix_trials_study_id ON trials (study_id)',
];

function tables({ id, float, datetime, oneOf }: ColumnTypes): Record<string, string> {
  const attributes = (owner: 'study' | 'trial', kind: 'user' | 'system') =>
    `${owner}_${kind}_attribute_id ${id}, ${owner}_id INTEGER, "key" VARCHAR(512), value_json TEXT,
     UNIQUE (${owner}_id, "key"), ${owner === 'study' ? OF_STUDY : OF_TRIAL}`;
  return {
    studies: `study_id ${id}, study_name VARCHAR(512) NOT NULL`,
    version_info: `version_info_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER,
      library_version VARCHAR(256), CHECK (version_info_id=1)`,
    study_directions: `study_direction_id ${id}, direction ${oneOf('studydirection')} NOT NULL,
      study_id INTEGER NOT NULL, objective INTEGER NOT NULL, UNIQUE (study_id, objective), ${OF_STUDY}`,
    study_user_attributes: attributes('study', 'user'),
    study_system_attributes: attributes('study', 'system'),
    trials: `trial_id ${id}, number INTEGER, study_id INTEGER, state ${oneOf('trialstate')} NOT NULL,
      datetime_start ${datetime}, datetime_complete ${datetime}, ${OF_STUDY}`,
    trial_user_attributes: attributes('trial', 'user'),
    trial_system_attributes: attributes('trial', 'system'),
    trial_params: `param_id ${id}, trial_id INTEGER, param_name VARCHAR(512), param_value ${float},
      distribution_json TEXT, UNIQUE (trial_id, param_name), ${OF_TRIAL}`,
    trial_values: `trial_value_id ${id}, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value ${float},
      value_type ${oneOf('trialvaluetype')} NOT NULL, UNIQUE (trial_id, objective), ${OF_TRIAL}`,
    trial_intermediate_values: `trial_intermediate_value_id ${id}, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
      intermediate_value ${float}, intermediate_value_type ${oneOf('trialintermediatevaluetype')} NOT NULL,
      UNIQUE (trial_id, step), ${OF_TRIAL}`,
    trial_heartbeats: `trial_heartbeat_id ${id}, trial_id INTEGER NOT NULL, heartbeat ${datetime} NOT NULL,
      UNIQUE (trial_id), ${OF_TRIAL}`,
    alembic_version: `version_num VARCHAR(32) NOT NULL,
      CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)`,
  };
}
