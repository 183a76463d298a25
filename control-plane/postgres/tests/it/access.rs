use crate::world::{Login, World, psql, sql};

fn refusal(output: &std::process::Output) -> String {
    assert!(!output.status.success(), "a connection that must fail succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn an_instance_role_reaches_only_the_database_of_its_own_name() {
    let world = World::new();
    let postgres = world.start().await;
    for name in ["ins_a", "ins_b"] {
        sql(&postgres, &format!("create role {name} login password 'secret'"));
        sql(&postgres, &format!("create database {name} owner {name}"));
    }
    let login = |database| Login { user: "ins_a", password: "secret", database };
    assert!(psql(&postgres, &login("ins_a"), "select 1").status.success());
    for database in ["ins_b", "postgres", "template1"] {
        assert!(refusal(&psql(&postgres, &login(database), "select 1")).contains("no pg_hba.conf entry"));
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_that_is_not_listed_and_a_wrong_password_are_refused() {
    let world = World::new();
    let postgres = world.start().await;
    sql(&postgres, "create role stranger login superuser password 'secret'");
    sql(&postgres, "create role tenantry_app login password 'secret'");
    let stranger = Login { user: "stranger", password: "secret", database: "postgres" };
    assert!(refusal(&psql(&postgres, &stranger, "select 1")).contains("no pg_hba.conf entry"));
    let wrong = Login { user: "postgres", password: "wrong", database: "postgres" };
    assert!(refusal(&psql(&postgres, &wrong, "select 1")).contains("password authentication failed"));
    let product = Login { user: "tenantry_app", password: "secret", database: "postgres" };
    assert!(psql(&postgres, &product, "select 1").status.success());
    postgres.stop().await.unwrap();
}
