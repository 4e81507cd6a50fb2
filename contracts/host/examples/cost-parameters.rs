fn main() {
    println!("{:?}", soroban_env_host::budget::Budget::default());
}
