// MLflow's tables at alembic revision 6953534de441, described here in spatter's own words; newer MLflow upgrades such a file by itself.

export const REVISION = '6953534de441';

const TEXT = (length: number) => `VARCHAR(${length})`;
const RUN = 'FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)';
const EXPERIMENT = 'FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)';
const LIFECYCLE = `CHECK (lifecycle_stage IN ('active', 'deleted'))`;
const REGISTERED = 'FOREIGN KEY(name) REFERENCES registered_models (name) ON UPDATE CASCADE';
const MODEL = 'FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE';

/** A key and its value, for the table `kind` of things named by `owner`. */
function pairs(kind: string, owner: string, value: string, reference: string): string {
  const columns = owner.split(',').map((column) => column.trim().split(' ')[0]!);
  return `"key" ${TEXT(250)} NOT NULL, value ${value}, ${owner},
    CONSTRAINT ${kind}_pk PRIMARY KEY ("key", ${columns.join(', ')}), ${reference}`;
}

const RUN_ID = `run_uuid ${TEXT(32)} NOT NULL`;

/** Tables of experiments and runs. */
const TRACKING: Record<string, string> = {
  experiments: `experiment_id INTEGER NOT NULL, name ${TEXT(256)} NOT NULL, artifact_location ${TEXT(256)},
    lifecycle_stage ${TEXT(32)}, creation_time BIGINT, last_update_time BIGINT,
    CONSTRAINT experiment_pk PRIMARY KEY (experiment_id),
    CONSTRAINT experiments_lifecycle_stage ${LIFECYCLE}, UNIQUE (name)`,
  experiment_tags: pairs('experiment_tag', 'experiment_id INTEGER NOT NULL', TEXT(5000), EXPERIMENT),
  runs: `${RUN_ID}, name ${TEXT(250)}, source_type ${TEXT(20)}, source_name ${TEXT(500)},
    entry_point_name ${TEXT(50)}, user_id ${TEXT(256)}, status ${TEXT(9)}, start_time BIGINT, end_time BIGINT,
    source_version ${TEXT(50)}, lifecycle_stage ${TEXT(20)}, artifact_uri ${TEXT(200)}, experiment_id INTEGER,
    deleted_time BIGINT, CONSTRAINT run_pk PRIMARY KEY (run_uuid),
    CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')),
    CONSTRAINT runs_lifecycle_stage ${LIFECYCLE}, ${EXPERIMENT},
    CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))`,
  params: pairs('param', RUN_ID, `${TEXT(8000)} NOT NULL`, RUN),
  tags: pairs('tag', RUN_ID, TEXT(8000), RUN),
  metrics: `"key" ${TEXT(250)} NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, ${RUN_ID},
    step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL,
    CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), ${RUN},
    CHECK (is_nan IN (0, 1))`,
  latest_metrics: `"key" ${TEXT(250)} NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT NOT NULL,
    is_nan BOOLEAN NOT NULL, ${RUN_ID}, CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid), ${RUN},
    CHECK (is_nan IN (0, 1))`,
  datasets: `dataset_uuid ${TEXT(36)} NOT NULL, experiment_id INTEGER NOT NULL, name ${TEXT(500)} NOT NULL,
    digest ${TEXT(36)} NOT NULL, dataset_source_type ${TEXT(36)} NOT NULL, dataset_source TEXT NOT NULL,
    dataset_schema TEXT, dataset_profile TEXT, CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest),
    CONSTRAINT fk_datasets_experiment_id_experiments ${EXPERIMENT} ON DELETE CASCADE`,
  inputs: `input_uuid ${TEXT(36)} NOT NULL, source_type ${TEXT(36)} NOT NULL, source_id ${TEXT(36)} NOT NULL,
    destination_type ${TEXT(36)} NOT NULL, destination_id ${TEXT(36)} NOT NULL, step BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)`,
  input_tags: `input_uuid ${TEXT(36)} NOT NULL, name ${TEXT(255)} NOT NULL, value ${TEXT(500)} NOT NULL,
    CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)`,
};

/** Tables of logged and registered models. */
const MODELS: Record<string, string> = {
  logged_models: `model_id ${TEXT(36)} NOT NULL, experiment_id INTEGER NOT NULL, name ${TEXT(500)} NOT NULL,
    artifact_location ${TEXT(1000)} NOT NULL, creation_timestamp_ms BIGINT NOT NULL,
    last_updated_timestamp_ms BIGINT NOT NULL, status INTEGER NOT NULL, lifecycle_stage ${TEXT(32)},
    model_type ${TEXT(500)}, source_run_id ${TEXT(32)}, status_message ${TEXT(1000)},
    CONSTRAINT logged_models_pk PRIMARY KEY (model_id), CONSTRAINT logged_models_lifecycle_stage_check ${LIFECYCLE},
    CONSTRAINT fk_logged_models_experiment_id ${EXPERIMENT} ON DELETE CASCADE`,
  logged_model_metrics: `model_id ${TEXT(36)} NOT NULL, metric_name ${TEXT(500)} NOT NULL,
    metric_timestamp_ms BIGINT NOT NULL, metric_step BIGINT NOT NULL, metric_value FLOAT,
    experiment_id INTEGER NOT NULL, run_id ${TEXT(32)} NOT NULL, dataset_uuid ${TEXT(36)},
    dataset_name ${TEXT(500)}, dataset_digest ${TEXT(36)},
    CONSTRAINT logged_model_metrics_pk PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id),
    CONSTRAINT fk_logged_model_metrics_experiment_id ${EXPERIMENT},
    CONSTRAINT fk_logged_model_metrics_model_id ${MODEL},
    CONSTRAINT fk_logged_model_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (run_uuid) ON DELETE CASCADE`,
  logged_model_params: loggedModelPairs('param'),
  logged_model_tags: loggedModelPairs('tag'),
  registered_models: `name ${TEXT(256)} NOT NULL, creation_time BIGINT, last_updated_time BIGINT,
    description ${TEXT(5000)}, CONSTRAINT registered_model_pk PRIMARY KEY (name), UNIQUE (name)`,
  registered_model_tags: pairs('registered_model_tag', `name ${TEXT(256)} NOT NULL`, TEXT(5000), REGISTERED),
  registered_model_aliases: `alias ${TEXT(256)} NOT NULL, version INTEGER NOT NULL, name ${TEXT(256)} NOT NULL,
    CONSTRAINT registered_model_alias_pk PRIMARY KEY (name, alias),
    CONSTRAINT registered_model_alias_name_fkey FOREIGN KEY(name) REFERENCES registered_models (name)
    ON DELETE CASCADE ON UPDATE CASCADE`,
  model_versions: `name ${TEXT(256)} NOT NULL, version INTEGER NOT NULL, creation_time BIGINT,
    last_updated_time BIGINT, description ${TEXT(5000)}, user_id ${TEXT(256)}, current_stage ${TEXT(20)},
    source ${TEXT(500)}, run_id ${TEXT(32)}, status ${TEXT(20)}, status_message ${TEXT(500)}, run_link ${TEXT(500)},
    storage_location ${TEXT(500)}, CONSTRAINT model_version_pk PRIMARY KEY (name, version), ${REGISTERED}`,
  model_version_tags: pairs(
    'model_version_tag',
    `name ${TEXT(256)} NOT NULL, version INTEGER NOT NULL`,
    TEXT(5000),
    'FOREIGN KEY(name, version) REFERENCES model_versions (name, version) ON UPDATE CASCADE',
  ),
};

/** Tables of traces. spatter writes none, but an upgrade expects them. */
const TRACES: Record<string, string> = {
  trace_info: `request_id ${TEXT(50)} NOT NULL, experiment_id INTEGER NOT NULL, timestamp_ms BIGINT NOT NULL,
    execution_time_ms BIGINT, status ${TEXT(50)} NOT NULL, CONSTRAINT trace_info_pk PRIMARY KEY (request_id),
    CONSTRAINT fk_trace_info_experiment_id ${EXPERIMENT}`,
  trace_tags: tracePairs('trace_tag', 'trace_tags'),
  trace_request_metadata: tracePairs('trace_request_metadata', 'trace_request_metadata'),
};

function loggedModelPairs(kind: string): string {
  const table = `logged_model_${kind}s`;
  return `model_id ${TEXT(36)} NOT NULL, experiment_id INTEGER NOT NULL, ${kind}_key ${TEXT(255)} NOT NULL,
    ${kind}_value TEXT NOT NULL, CONSTRAINT ${table}_pk PRIMARY KEY (model_id, ${kind}_key),
    CONSTRAINT fk_${table}_experiment_id ${EXPERIMENT}, CONSTRAINT fk_${table}_model_id ${MODEL}`;
}

function tracePairs(kind: string, table: string): string {
  const reference = `CONSTRAINT fk_${table}_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE`;
  return pairs(kind, `request_id ${TEXT(50)} NOT NULL`, TEXT(8000), reference);
}

/** Columns of each index; its name is `index_<table>_<columns>`. */
const INDICES: readonly (readonly [table: string, ...columns: string[]])[] = [
  ['params', 'run_uuid'],
  ['tags', 'run_uuid'],
  ['metrics', 'run_uuid'],
  ['latest_metrics', 'run_uuid'],
  ['datasets', 'dataset_uuid'],
  ['datasets', 'experiment_id', 'dataset_source_type'],
  ['inputs', 'input_uuid'],
  ['inputs', 'destination_type', 'destination_id', 'source_type'],
  ['logged_model_metrics', 'model_id'],
  ['trace_info', 'experiment_id', 'timestamp_ms'],
  ['trace_tags', 'request_id'],
  ['trace_request_metadata', 'request_id'],
];

/** Every statement that makes an empty file one of MLflow's. */
export const SCHEMA: readonly string[] = [
  ...Object.entries({ ...TRACKING, ...MODELS, ...TRACES }).map(
    ([name, lines]) => `CREATE TABLE ${name} (${lines})`,
  ),
  ...INDICES.map(
    ([table, ...columns]) =>
      `CREATE INDEX index_${table}_${columns.join('_')} ON ${table} (${columns.join(', ')})`,
  ),
  `CREATE TABLE alembic_version (version_num ${TEXT(32)} NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))`,
  `INSERT INTO alembic_version VALUES ('${REVISION}')`,
];
