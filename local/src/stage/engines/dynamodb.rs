//! DynamoDB: dynoxide over a `SQLite` file, with its tables and streams.

mod data_folder;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use dynoxide::Database;
use dynoxide::actions::{
    get_item, get_records, get_shard_iterator, put_item, scan, update_time_to_live,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::LocalError;
use crate::stage::template::{ACCOUNT, REGION, Table};
use data_folder::DataFolder;

/// dynoxide counts from this number in public, from 0 in its log.
const SEQUENCE_OFFSET: u128 = 100_000_000_000_000_000_000;

/// The database, and a second connection to its file for what dynoxide has no
/// call for: an index over the stream's log, its retention, and checkpoints.
#[derive(Clone)]
pub(crate) struct Dynamo {
    database: Database,
    control: Arc<Mutex<rusqlite::Connection>>,
    _folder: Arc<DataFolder>,
}

fn engine(error: impl std::fmt::Display) -> LocalError {
    LocalError::Engine { engine: "DynamoDB", problem: error.to_string() }
}

impl Dynamo {
    /// Opens the database in `data`, or in a throw-away place, and creates the
    /// tables it lacks.
    pub(crate) fn open(data: Option<&Path>, tables: &[Table]) -> Result<Self, LocalError> {
        let folder = DataFolder::open(data)?;
        let file = folder.database()?;
        let database = Database::new(&file.to_string_lossy()).map_err(engine)?;
        let control = rusqlite::Connection::open(&file).map_err(engine)?;
        control.busy_timeout(std::time::Duration::from_secs(5)).map_err(engine)?;
        // Without the index every write and every poll reads the whole log.
        control
            .execute_batch(
                "CREATE INDEX IF NOT EXISTS local_stream_order
                     ON _stream_records(table_name, CAST(sequence_number AS INTEGER));
                 CREATE TABLE IF NOT EXISTS local_checkpoints(reader TEXT PRIMARY KEY, sequence TEXT NOT NULL);",
            )
            .map_err(engine)?;
        let dynamo =
            Self { database, control: Arc::new(Mutex::new(control)), _folder: Arc::new(folder) };
        tables.iter().try_for_each(|table| dynamo.create(table))?;
        Ok(dynamo)
    }

    fn create(&self, table: &Table) -> Result<(), LocalError> {
        let tables = self.database.list_tables(request(json!({}))?).map_err(engine)?;
        if tables.table_names.contains(&table.name) {
            return Ok(());
        }
        self.database.create_table(request(table.create.clone())?).map_err(engine)?;
        if let Some(attribute) = &table.ttl {
            let ttl: update_time_to_live::UpdateTimeToLiveRequest = request(json!({
                "TableName": table.name,
                "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
            }))?;
            self.database.update_time_to_live(ttl).map_err(engine)?;
        }
        Ok(())
    }

    /// Serves DynamoDB's API until `closed` resolves.
    pub(crate) async fn serve(self, listener: TcpListener, closed: oneshot::Receiver<()>) {
        let until = async {
            let _ = closed.await;
        };
        // Serving only fails when the listener does, and then nothing is left to do.
        let _ = dynoxide::server::serve_with_shutdown(listener, self.database, until).await;
    }

    /// Every item of a table.
    pub(crate) fn items(&self, table: &str) -> Result<Vec<Value>, LocalError> {
        self.scan(json!({ "TableName": table, "ConsistentRead": true }))
    }

    /// Every item of an index of a table.
    pub(crate) fn index(&self, table: &str, index: &str) -> Result<Vec<Value>, LocalError> {
        self.scan(json!({ "TableName": table, "IndexName": index }))
    }

    /// The items of all pages.
    fn scan(&self, mut page: Value) -> Result<Vec<Value>, LocalError> {
        let mut items = Vec::new();
        loop {
            let scan: scan::ScanRequest = request(page.clone())?;
            let found = self.database.scan(scan).map_err(engine)?;
            let mut found = serde_json::to_value(found).map_err(engine)?;
            if let Some(Value::Array(found)) = found.get_mut("Items") {
                items.append(found);
            }
            match (found.get_mut("LastEvaluatedKey").map(Value::take), page.as_object_mut()) {
                (Some(key), Some(page)) if !key.is_null() => {
                    page.insert("ExclusiveStartKey".to_owned(), key);
                }
                _ => return Ok(items),
            }
        }
    }

    /// The item of a key, given as DynamoDB JSON.
    pub(crate) fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, LocalError> {
        let get = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
        let get: get_item::GetItemRequest = request(get)?;
        let got = self.database.get_item(get).map_err(engine)?;
        let mut got = serde_json::to_value(got).map_err(engine)?;
        Ok(got.get_mut("Item").map(Value::take).filter(Value::is_object))
    }

    /// Writes one item, given as DynamoDB JSON.
    pub(crate) fn put(&self, table: &str, item: &Value) -> Result<(), LocalError> {
        let put: put_item::PutItemRequest = request(json!({ "TableName": table, "Item": item }))?;
        self.database.put_item(put).map(drop).map_err(engine)
    }

    /// Removes items whose time has come.
    pub(crate) fn sweep_expired(&self) -> Result<usize, LocalError> {
        self.database.sweep_ttl().map_err(engine)
    }

    /// The stream records of a table after `position`, oldest first, in the
    /// shape a Lambda function gets them, and the position after them.
    /// Records of writes that changed nothing are left out, as AWS does.
    pub(crate) fn changes(
        &self,
        table: &str,
        position: &Position,
        limit: usize,
    ) -> Result<(Vec<Value>, Position), LocalError> {
        let iterator = self.iterator(table, position)?;
        let out = self
            .database
            .get_records(get_records::GetRecordsRequest {
                shard_iterator: iterator,
                limit: Some(limit),
            })
            .map_err(engine)?;
        let last = out.records.last().map(|record| record.dynamodb.sequence_number.clone());
        let mut records = Vec::with_capacity(out.records.len());
        for record in out.records {
            let unchanged = record.event_name == "MODIFY"
                && record.dynamodb.new_image == record.dynamodb.old_image;
            if !unchanged {
                records
                    .push(as_lambda_record(table, serde_json::to_value(record).map_err(engine)?));
            }
        }
        Ok((records, last.map_or_else(|| position.clone(), Position::After)))
    }

    fn iterator(&self, table: &str, position: &Position) -> Result<String, LocalError> {
        let (kind, sequence) = match position {
            Position::Start => ("TRIM_HORIZON", None),
            Position::After(sequence) => ("AFTER_SEQUENCE_NUMBER", Some(sequence.clone())),
        };
        let response = self
            .database
            .get_shard_iterator(get_shard_iterator::GetShardIteratorRequest {
                stream_arn: dynoxide::streams::stream_arn(table, "local"),
                shard_id: dynoxide::streams::shard_id(table),
                shard_iterator_type: kind.to_owned(),
                sequence_number: sequence,
            })
            .map_err(engine)?;
        response.shard_iterator.ok_or_else(|| engine("no shard iterator"))
    }

    fn control(&self) -> std::sync::MutexGuard<'_, rusqlite::Connection> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position after the newest record.
    pub(crate) fn newest(&self, table: &str) -> Result<Position, LocalError> {
        let newest: Option<i64> = self
            .control()
            .query_row(
                "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1",
                [table],
                |row| row.get(0),
            )
            .map_err(engine)?;
        let public =
            |stored: i64| u128::try_from(stored).ok().map(|stored| stored + SEQUENCE_OFFSET);
        Ok(newest
            .and_then(public)
            .map_or(Position::Start, |sequence| Position::After(sequence.to_string())))
    }

    /// The position at which `reader` stopped in an earlier run.
    pub(crate) fn checkpoint(&self, reader: &str) -> Result<Option<Position>, LocalError> {
        let control = self.control();
        let mut query = control
            .prepare_cached("SELECT sequence FROM local_checkpoints WHERE reader = ?1")
            .map_err(engine)?;
        let mut rows = query.query([reader]).map_err(engine)?;
        let row = rows.next().map_err(engine)?;
        row.map(|row| row.get(0).map(Position::After)).transpose().map_err(engine)
    }

    /// Stores the position of `reader`.
    pub(crate) fn save_checkpoint(
        &self,
        reader: &str,
        position: &Position,
    ) -> Result<(), LocalError> {
        let Position::After(sequence) = position else {
            return Ok(());
        };
        self.control()
            .execute(
                "INSERT OR REPLACE INTO local_checkpoints(reader, sequence) VALUES (?1, ?2)",
                [reader, sequence],
            )
            .map(drop)
            .map_err(engine)
    }

    /// Drops records that every one of `readers` has passed, but not the newest
    /// `kept`.
    pub(crate) fn trim(
        &self,
        table: &str,
        readers: &[String],
        kept: u32,
    ) -> Result<(), LocalError> {
        let mut bound = i64::MAX;
        for reader in readers {
            bound = bound.min(self.checkpoint(reader)?.as_ref().map_or(0, stored));
        }
        self.control()
            .execute(
                "DELETE FROM _stream_records
                 WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= MIN(?2, (
                     SELECT CAST(sequence_number AS INTEGER) FROM _stream_records WHERE table_name = ?1
                     ORDER BY CAST(sequence_number AS INTEGER) DESC LIMIT 1 OFFSET ?3))",
                rusqlite::params![table, bound, kept],
            )
            .map(drop)
            .map_err(engine)
    }
}

/// A place in a table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Position {
    /// Before the oldest record kept.
    Start,
    /// After the record of this sequence number.
    After(String),
}

fn stored(position: &Position) -> i64 {
    let Position::After(sequence) = position else {
        return 0;
    };
    let public: u128 = sequence.parse().unwrap_or(SEQUENCE_OFFSET);
    i64::try_from(public.saturating_sub(SEQUENCE_OFFSET)).unwrap_or(i64::MAX)
}

/// A request of DynamoDB's JSON API as the engine's type.
fn request<T: DeserializeOwned>(body: Value) -> Result<T, LocalError> {
    serde_json::from_value(body).map_err(engine)
}

fn as_lambda_record(table: &str, mut record: Value) -> Value {
    if let Some(record) = record.as_object_mut() {
        let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/local");
        record.insert("eventSourceARN".to_owned(), Value::from(arn));
        record.insert("awsRegion".to_owned(), Value::from(REGION));
    }
    record
}
