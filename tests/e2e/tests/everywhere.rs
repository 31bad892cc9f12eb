//! One person in six applications, through the real host; each application is asked with its own tools.

use purser_e2e::everywhere::{Applications, Everywhere, ids, marry};

#[test]
fn a_new_name_arrives_in_all_and_who_leaves_has_nothing_left() {
    let applications = Applications::start();
    let mut everywhere = Everywhere::found(12, &applications);
    let before = ids(&everywhere.provision());

    marry(&mut everywhere.company.people[3]);
    assert_eq!(ids(&everywhere.provision()), before, "the same accounts, none deleted and none made");

    everywhere.company.people[3].employed = false;
    assert_eq!(ids(&everywhere.provision()), before, "disabled everywhere, in no group anywhere");
}
