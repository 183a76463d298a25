use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// A shared value of which every thread may have a part, known without looking into it.
///
/// An `Arc<T>` may go to another thread if all that `T` holds may, and the compiler finds that out anew for each future
/// that keeps one: for hundreds of resolvers, down through each pool and cache. Here it is found out once, where the
/// value is made, and then hidden behind `dyn`. Reading costs a comparison of types.
pub struct Shared<T> {
    value: Arc<dyn Any + Send + Sync>,
    kind: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Shared<T> {
    pub fn new(value: T) -> Self {
        Self { value: Arc::new(value), kind: PhantomData }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), kind: PhantomData }
    }
}

impl<T: 'static> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.value.downcast_ref() {
            Some(value) => value,
            None => unreachable!("it was made of a value of this type"),
        }
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_one_value() {
        let one = Shared::new(vec![1, 2]);
        let other = one.clone();
        assert!(std::ptr::eq(&*one, &*other));
        assert_eq!(std::thread::spawn(move || other.len()).join().ok(), Some(2));
    }
}
