//! relgate judges releases: it reads migrations, charts, changelogs and tags, evaluates policies over what it read, and
//! says whether the release may go.
//!
//! ```text
//!  discover          parse            collect          check / evaluate      decide          report
//!  ────────►Artifact ─────►Parsed<T> ─────►Facts,Origins ─────►Finding,Demand ─────►Decision ─────►bytes
//!  git, walkdir      never fails      pure              rayon, pure           pure fold       Report → writer
//! ```
//!
//! Rules are code and point at lines; policies are configuration and decide the release. The library exists so that
//! tests and fuzz targets can call the stages; its interface is not stable. The modules stand in reading order.

pub mod source;
pub mod files;
pub mod glob;
pub mod fix;
pub mod finding;
pub mod version;
pub mod gate;
pub mod git;
pub mod subject;
pub mod history;
pub mod discover;
pub mod syntax;
pub mod cache;
pub mod migrations;
pub mod schema;
pub mod effects;
pub mod charts;
pub mod config;
pub mod facts;
pub mod suppress;
pub mod rules;
pub mod policy;
pub mod evidence;
pub mod project;
pub mod decision;
pub mod rehearse;
pub mod judge;
pub mod simulate;
pub mod report;
pub mod ledger;
pub mod catalogue;
pub mod cli;
