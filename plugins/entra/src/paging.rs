//! Pages of lists that Graph gives whole: the last id is the cursor, so that nothing is lost when the list moves.

use purser_sdk::{Error, Object, Page, SearchRequest, Tail};

/// Most objects of one page, each of which may cost a request.
const MOST: u32 = 20;

/// A page of these objects, each completed with what costs a request of its own.
///
/// # Errors
/// What completing says.
pub fn page_of(
    mut objects: Vec<Object>,
    request: &SearchRequest,
    complete: impl Fn(Object) -> Result<Object, Error>,
) -> Result<Page, Error> {
    objects.sort_by(|one, other| one.id.cmp(&other.id));
    objects.retain(|object| {
        request.cursor.as_deref().is_none_or(|after| object.id.as_str() > after)
            && request.conditions.iter().all(|condition| condition.matches(object, false))
    });
    let most = usize::try_from(request.page_size.clamp(1, MOST)).unwrap_or(1);
    let more = objects.len() > most;
    objects.truncate(most);
    let last = objects.last().map(|object| object.id.clone());
    let objects = objects.into_iter().map(complete).collect::<Result<_, _>>()?;
    let tail = last.filter(|_| more).map_or(Tail::Complete, Tail::More);
    Ok(Page { objects, tail })
}
