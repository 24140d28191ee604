@main
struct Tarn {
    static func main() {}
}
