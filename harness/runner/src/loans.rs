//! Observations that several checks would make alike, made once a run.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use terms::Stopped;
use tokio::sync::OnceCell;

type Lent = Arc<dyn Any + Send + Sync>;
type Cells = BTreeMap<&'static str, Arc<OnceCell<Lent>>>;

/// What one run lends to its checks, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loans {
    cells: Arc<Mutex<Cells>>,
}

impl Loans {
    /// The observation of this name; the first who asks makes it, the others
    /// wait. A failure is lent like a result.
    pub(crate) async fn lend<T, F>(&self, name: &'static str, make: F) -> Result<Arc<T>, Stopped>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Stopped>>,
    {
        let cell = Arc::clone(
            self.cells
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name)
                .or_default(),
        );
        let lent = cell
            .get_or_init(async || {
                let lent: Lent = Arc::new(make.await.map(Arc::new));
                lent
            })
            .await;
        lent.downcast_ref::<Result<Arc<T>, Stopped>>()
            .expect("a name is lent by one function, so with one type")
            .clone()
    }
}
